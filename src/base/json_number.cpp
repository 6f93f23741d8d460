#include "base/json_number.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/read_real.hpp"

namespace cloudflare::detail {

namespace {

bool is_number(std::string_view token) {
  std::size_t at = token.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = std::exchange(at, std::min(token.find_first_not_of("0123456789", at), token.size()));
    return at - begin;
  };
  const bool zero = at < token.size() && token[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < token.size() && token[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == token.size();
}

// Whether a number outside the range of a double is too large, by the place of its first digit that is not 0.
bool is_too_large(std::string_view token) {
  const std::size_t e = std::min(token.find_first_of("eE"), token.size());
  const auto point = static_cast<std::int64_t>(std::min(token.find('.'), e));
  const auto first = static_cast<std::int64_t>(token.find_first_of("123456789"));
  std::int64_t exponent = 0;
  if (e < token.size()) {
    const std::size_t digits = token.find_first_of("0123456789", e);
    const auto read = std::from_chars(token.data() + digits, token.data() + token.size(), exponent);
    if (read.ec != std::errc()) exponent = std::numeric_limits<std::int32_t>::max();
    if (token[digits - 1] == '-') exponent = -exponent;
  }
  return exponent > first - point;
}

}  // namespace

std::optional<double> read_json_number(std::string_view token) {
  if (!is_number(token)) return std::nullopt;
  double value = 0;
  const auto read = read_real(token.data(), token.data() + token.size(), value);
  if (read.ec == std::errc()) return value;
  value = is_too_large(token) ? std::numeric_limits<double>::infinity() : 0;
  return token.starts_with('-') ? -value : value;
}

}  // namespace cloudflare::detail
