#include "engine/retry.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/encode.hpp"
#include "base/read_real.hpp"
#include "base/saturating.hpp"

namespace cloudflare::detail {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// The form that HTTP asks for, like "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<std::chrono::sys_seconds> parse_fixed_date(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const std::size_t at = months.find(text.substr(8, 3));
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  std::string date(text.substr(12, 4));
  date.append(at < 27 ? "-0" : "-").append(std::to_string(at / 3 + 1)).append("-").append(text.substr(5, 2));
  return parse_rfc3339(date.append("T").append(text.substr(17, 8)).append("Z"));
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  // libcurl knows more forms, but ends in 2038 where time_t has 32 bits.
  if (const auto fixed = parse_fixed_date(text); fixed && fixed->time_since_epoch().count() >= 0) return fixed;
  const std::time_t time = curl_getdate(std::string(text).c_str(), nullptr);
  if (time < 0) return std::nullopt;
  return std::chrono::sys_seconds(seconds(time));
}

std::optional<seconds> parse_retry_after(const std::vector<Header>& headers, std::chrono::sys_seconds wall) {
  const std::string* value = find_header(headers, "retry-after");
  if (value == nullptr) return std::nullopt;
  double number = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, failed] = read_real(value->data(), end, number);
  if (failed == std::errc() && stop == end && !std::isnan(number))
    return seconds(std::llround(std::ceil(std::clamp(number, 0.0, 1e9))));
  const auto date = parse_http_date(*value);
  if (!date) return std::nullopt;
  const std::string* now_text = find_header(headers, "date");
  const auto now = now_text != nullptr ? parse_http_date(*now_text) : std::nullopt;
  return std::max(saturating_difference(*date, now.value_or(wall)), seconds(0));
}

bool is_permanent(int status) noexcept {
  constexpr std::array permanent = {501, 525, 526};
  return std::find(permanent.begin(), permanent.end(), status) != permanent.end();
}

bool may_repeat(Repeat repeat, const Error& error) noexcept {
  if (const auto retryable = error.details().retryable) {
    if (!*retryable) return false;
    if (error.details().delivery == Delivery::answered && repeat != Repeat::once) return true;
  }
  switch (error.kind()) {
    case ErrorKind::rate_limited: return true;  // it was not executed
    case ErrorKind::overloaded: return repeat != Repeat::once;
    case ErrorKind::server:
      if (is_permanent(error.http_status())) return false;
      return error.details().delivery == Delivery::not_sent || repeat != Repeat::once;
    case ErrorKind::transport:
    case ErrorKind::timeout:
    case ErrorKind::rejected:  // 408 only: any other rejection is final
      if (error.details().delivery == Delivery::not_sent) return true;
      return error.details().delivery == Delivery::unknown && repeat != Repeat::once;
    default: return false;
  }
}

milliseconds pause_before_repeat(const RetryLimits& limits, int attempt, const Error& error, double random) noexcept {
  constexpr int overload_factor = 4;
  const int factor = error.kind() == ErrorKind::overloaded ? overload_factor : 1;
  const milliseconds doubled = saturating_multiple(limits.backoff_base, 1L << std::clamp(attempt - 1, 0, 20));
  const milliseconds cap = saturating_multiple(std::min(limits.backoff_cap, doubled), factor);
  milliseconds pause = saturating_milliseconds(static_cast<double>(cap.count()) * random);
  if (error.kind() == ErrorKind::rate_limited) pause = std::max(pause, milliseconds(1'000));
  if (error.kind() == ErrorKind::overloaded) pause = std::max(pause, cap / 2);
  if (error.retry_after()) pause = std::max(pause, saturating_cast<milliseconds>(*error.retry_after()));
  return pause;
}

}  // namespace cloudflare::detail
