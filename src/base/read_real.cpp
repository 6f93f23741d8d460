#include "base/read_real.hpp"

#include <clocale>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#ifdef __APPLE__
#include <xlocale.h>
#endif

#ifndef _WIN32  // every standard library there has the real one

namespace cloudflare::detail::substitute {

namespace {

template <class Real>
std::from_chars_result read(const char* first, const char* last, Real& value) {
  // strtod also takes white space, a plus sign and hexadecimal digits.
  const std::size_t sign = first != last && *first == '-' ? 1 : 0;
  std::string text(first, last);
  if (sign == text.size() || std::string_view("0123456789.iInN").find(text[sign]) == std::string_view::npos)
    return {first, std::errc::invalid_argument};
  if (text.size() > sign + 1 && text[sign] == '0' && (text[sign + 1] | 0x20) == 'x') text.resize(sign + 1);
  static const locale_t locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
  char* end = nullptr;
  Real read{};
  if constexpr (std::is_same_v<Real, float>)
    read = ::strtof_l(text.c_str(), &end, locale);
  else
    read = ::strtod_l(text.c_str(), &end, locale);
  const auto length = static_cast<std::size_t>(end - text.c_str());
  if (length == 0) return {first, std::errc::invalid_argument};
  // What is too large becomes infinity, and what is too small zero, though the text has a digit other than zero.
  const std::string_view number(text.data(), text.find_first_of("eE") < length ? text.find_first_of("eE") : length);
  const bool digits = number.find_first_of("123456789") != std::string_view::npos;
  const bool letters = number.find_first_of("iInN") != std::string_view::npos;
  if (!letters && digits && (std::isinf(read) || read == 0)) return {first + length, std::errc::result_out_of_range};
  value = read;
  return {first + length, std::errc()};
}

}  // namespace

std::from_chars_result read_real(const char* first, const char* last, float& value) { return read(first, last, value); }
std::from_chars_result read_real(const char* first, const char* last, double& value) {
  return read(first, last, value);
}

}  // namespace cloudflare::detail::substitute

#endif
