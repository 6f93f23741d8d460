#pragma once

// Decides what is sent again, and when. Pure functions, without clock or I/O.

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail {

/// `Retry-After` in seconds (rounded up, negatives are 0); a date counts from the reply's `Date`, else from `wall`.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(const std::vector<Header>& headers,
                                                                    std::chrono::sys_seconds wall);
/// An HTTP date in any of its three forms.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

struct RetryLimits {
  int max_attempts = 4;
  std::chrono::milliseconds backoff_base{500};
  std::chrono::milliseconds backoff_cap{8'000};
};

/// Whether a server's status says that the request was not executed and that repeating does not help: 501, and
/// Cloudflare's 525 and 526 for a failed TLS handshake with the origin and for its certificate.
[[nodiscard]] bool is_permanent(int status) noexcept;

/// Whether a request may be sent again after `error`: depends on its retry class and on whether it may have been
/// executed.
[[nodiscard]] bool may_repeat(Repeat repeat, const Error& error) noexcept;

/// The pause before attempt `attempt + 1`: full jitter (`random` in [0, 1)) under a doubling cap, never less than the
/// server asks for, at least a second after throttling, longer when D1 is overloaded.
[[nodiscard]] std::chrono::milliseconds pause_before_repeat(const RetryLimits& limits, int attempt, const Error& error,
                                                            double random) noexcept;

}  // namespace cloudflare::detail
