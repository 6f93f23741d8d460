// A float32 needs no exact double. Eight digits are read at once, the number is an integer divided by a power of ten in
// double, and only where the error of that could change the float, std::from_chars reads the number again.

#include "base/read_floats.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/read_real.hpp"

namespace cloudflare::detail {

namespace {

constexpr std::array<double, 19> decimal_powers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
// Digits and a point: 18 digits fit into 63 bits.
constexpr std::ptrdiff_t most_characters = 18;
constexpr std::array<std::uint64_t, 8> small_powers = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
[[noreturn]] void refuse(simdjson::error_code code) { throw simdjson::simdjson_error(code); }

// The next eight characters, each without the upper bits of '0', the first in the lowest byte.
std::uint64_t eight_characters(const char* at) {
  std::uint64_t characters = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&characters, at, 8);
  } else {
    for (unsigned i = 0; i < 8; ++i) characters |= std::uint64_t{static_cast<unsigned char>(at[i])} << 8 * i;
  }
  return characters ^ 0x3030303030303030U;
}

// How many of them are digits before the first that is none. Carries reach only what is behind the first.
unsigned digits_in(std::uint64_t characters) {
  const std::uint64_t others = ((characters + 0x7676767676767676U) | characters) & 0x8080808080808080U;
  return static_cast<unsigned>(std::countr_zero(others)) / 8;
}

// The number that eight digits make: pairs, fours, all.
std::uint64_t number_of(std::uint64_t digits) {
  digits = (digits * 10 + (digits >> 8U)) & 0x00ff00ff00ff00ffU;
  digits = (digits * 100 + (digits >> 16U)) & 0x0000ffff0000ffffU;
  return (digits * 10000 + (digits >> 32U)) & 0xffffffffU;
}

// Skips a number of JSON's grammar, which is stricter than that of std::from_chars.
const char* skip_number(const char* at) {
  const auto skip_digits = [&] {
    if (!is_digit(*at)) refuse(simdjson::NUMBER_ERROR);
    while (is_digit(*at)) ++at;
  };
  if (*at == '-') ++at;
  if (at[0] == '0' && is_digit(at[1])) refuse(simdjson::NUMBER_ERROR);
  skip_digits();
  if (*at == '.') {
    ++at;
    skip_digits();
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '-' || *at == '+') ++at;
    skip_digits();
  }
  return at;
}

// Whether a number other than zero is at least about 1: where its first digit stands, and its exponent.
bool is_large(std::string_view number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::size_t point = std::min(number.find('.'), e);
  const std::size_t first = number.find_first_of("123456789");
  std::string_view text = number.substr(std::min(e + 1, number.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t exponent = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), exponent).ec == std::errc::result_out_of_range)
    return !text.starts_with('-');
  return exponent > static_cast<std::int64_t>(first) - static_cast<std::int64_t>(point);
}

[[gnu::noinline]] const char* read_any(const char* begin, float& value) {
  if (*begin != '-' && !is_digit(*begin)) refuse(simdjson::INCORRECT_TYPE);
  const char* const end = skip_number(begin);
  if (read_real(begin, end, value).ec == std::errc()) return end;
  // Out of range: the nearest float32 is zero or infinity.
  double real = 0;
  const bool large = is_large({begin, static_cast<std::size_t>(end - begin)});
  if (large && read_real(begin, end, real).ec != std::errc()) refuse(simdjson::NUMBER_ERROR);
  value = large ? std::numeric_limits<float>::infinity() : 0;
  if (*begin == '-') value = -value;
  return end;
}

// Reads numbers like -0.0123456789 itself.
[[gnu::always_inline]] inline const char* read_number(const char* const begin, float& value) {
  const bool negative = *begin == '-';
  const char* const first = begin + (negative ? 1 : 0);
  const char* at = first;
  std::uint64_t digits = 0;
  for (; is_digit(*at); ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
  if (at == first || (*first == '0' && at - first > 1)) [[unlikely]]
    return read_any(begin, value);
  std::ptrdiff_t decimals = 0;
  if (*at == '.') [[likely]] {
    const char* const point = at++;
    std::uint64_t characters = eight_characters(at);
    unsigned count = digits_in(characters);
    for (; count == 8; count = digits_in(characters)) {
      digits = digits * 100'000'000 + number_of(characters);
      at += 8;
      characters = eight_characters(at);
    }
    digits = digits * small_powers[count] + number_of(characters << (56 - 8 * count) << 8U);
    at += count;
    decimals = at - point - 1;
    if (decimals == 0) [[unlikely]]
      return read_any(begin, value);
  }
  if (at - first > most_characters || (*at | 0x20) == 'e') [[unlikely]]
    return read_any(begin, value);

  // Both the integer and the quotient are rounded to double, so the result is off by little more than two units in its
  // last place. That changes the float only if the double lies that near to the middle between two floats. No float
  // here is denormal: what is not zero is at least 1e-17.
  const double real =
      static_cast<double>(static_cast<std::int64_t>(digits)) / decimal_powers[static_cast<std::size_t>(decimals)];
  const std::uint64_t from_middle = (std::bit_cast<std::uint64_t>(real) - 0x10000000U + 4) & 0x1fffffffU;
  if (from_middle <= 8) [[unlikely]]
    return read_any(begin, value);
  const std::uint32_t sign = negative ? 0x80000000U : 0;
  value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(real)) | sign);
  return at;
}

}  // namespace

void read_floats(std::vector<float>& to, std::string_view array) {
  const char* at = array.data() + 1;
  const auto skip_blanks = [&] {
    while (is_blank(*at)) ++at;
  };
  skip_blanks();
  if (*at == ']') return;
  while (true) {
    float value = 0;
    at = read_number(at, value);
    to.push_back(value);
    if (at[0] == ',' && !is_blank(at[1])) [[likely]] {
      ++at;
      continue;
    }
    skip_blanks();
    if (*at == ']') return;
    if (*at != ',') refuse(is_digit(*at) || *at == '.' ? simdjson::NUMBER_ERROR : simdjson::TAPE_ERROR);
    ++at;
    skip_blanks();
  }
}

}  // namespace cloudflare::detail
