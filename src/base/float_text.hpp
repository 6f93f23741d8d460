#pragma once

// Text of floats.

#include <cstddef>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

/// Bytes that write_float() may write; the text itself takes at most 15.
inline constexpr std::size_t float_room = 32;

/// Writes the shortest text that reads back to `value`, also in a reader that goes through double, and returns its end.
/// The text is that of std::to_chars, but for one value that needs a digit more for readers that go through double.
CLOUDFLARE_API char* write_float(char* to, float value);

}  // namespace cloudflare::detail
