#pragma once

// std::from_chars for floating point, also where the standard library has it for integers only.

#include <charconv>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

namespace substitute {
/// The same grammar and results over the C library's strtod in the "C" locale. Always compiled, so that it is tested.
CLOUDFLARE_API std::from_chars_result read_real(const char* first, const char* last, float& value);
CLOUDFLARE_API std::from_chars_result read_real(const char* first, const char* last, double& value);
}  // namespace substitute

/// Reads the longest number at `first`, as std::from_chars does.
// libc++ has it since version 20, but not in programs that must run on Apple's systems before version 26.
template <class Real>
std::from_chars_result read_real(const char* first, const char* last, Real& value) {
#if defined(_LIBCPP_VERSION) && !defined(_WIN32)
  return substitute::read_real(first, last, value);
#else
  return std::from_chars(first, last, value);
#endif
}

}  // namespace cloudflare::detail
