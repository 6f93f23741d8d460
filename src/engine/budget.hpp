#pragma once

// The rate budget: 1200 requests in 5 minutes per credential, counted in this process (Cloudflare docs, "Rate limits").

#include <deque>
#include <memory>
#include <mutex>

#include <cloudflare/clock.hpp>
#include <cloudflare/limits.hpp>

namespace cloudflare::detail {

/// Hands out times at which a request may leave, such that no window of five minutes holds more than the limit.
class RateBudget {
 public:
  using time_point = Clock::time_point;
  /// The server counts when requests arrive, and they may travel closer together than they left.
  static constexpr std::chrono::seconds guard{2};
  static constexpr auto window = limits::request_window + guard;

  /// The earliest time for one more request where the last five minutes have fewer than `most`; taken if it is not
  /// after `latest`.
  time_point reserve(time_point now, time_point latest, std::size_t most = limits::requests_per_window);
  /// The server said to wait: nothing leaves before `until`.
  void block(time_point until);
  /// Requests that may leave at once.
  [[nodiscard]] std::size_t left(time_point now) const;

 private:
  mutable std::mutex mutex_;
  std::deque<time_point> taken_;  // of the last window, in order
  time_point blocked_until_ = time_point::min();
};

/// The budget of a credential, shared by all clients of this process that use it.
[[nodiscard]] std::shared_ptr<RateBudget> budget_of(std::size_t credential_hash);

}  // namespace cloudflare::detail
