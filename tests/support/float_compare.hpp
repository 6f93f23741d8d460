#pragma once

// Compares write_float() with std::to_chars.

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/float_text.hpp"

namespace cloudflare_tests {

/// The only value that std::to_chars writes too short for a reader that goes through double.
inline constexpr std::uint32_t rounds_twice = 0x15ae43fd;

/// Empty, or both texts of the float with these bits if they differ.
inline std::string difference(std::uint32_t bits) {
  const auto value = std::bit_cast<float>(bits);
  std::array<char, cloudflare::detail::float_room> ours;  // NOLINT(*-member-init)
  std::array<char, 32> theirs;                            // NOLINT(*-member-init)
  const char* our_end = cloudflare::detail::write_float(ours.data(), value);
  const char* their_end = std::to_chars(theirs.data(), theirs.data() + theirs.size(), value).ptr;
  std::string_view expected(theirs.data(), static_cast<std::size_t>(their_end - theirs.data()));
  if (bits == rounds_twice) expected = "7.0385307e-26";
  if (bits == (rounds_twice | 0x80000000U)) expected = "-7.0385307e-26";
  const std::string_view written(ours.data(), static_cast<std::size_t>(our_end - ours.data()));
  if (written == expected) return {};
  return std::string(written) + " in place of " + std::string(expected);
}

}  // namespace cloudflare_tests
