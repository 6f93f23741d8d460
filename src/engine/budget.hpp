#pragma once

// The rate budget: 1200 requests in 5 minutes per credential, counted in this process (Cloudflare docs, "Rate limits").

#include <deque>
#include <memory>
#include <mutex>

#include <cloudflare/clock.hpp>
#include <cloudflare/limits.hpp>

namespace cloudflare::detail {

/// Assigns each request a time to leave, so that no window of five minutes holds more than the limit.
class RateBudget {
 public:
  using time_point = Clock::time_point;
  /// The server counts requests when they arrive, and they may arrive closer together than they left.
  static constexpr std::chrono::seconds guard{2};
  static constexpr auto window = limits::request_window + guard;

  /// The earliest time at which the five minutes before have fewer than `most` requests. The time counts as taken
  /// unless it is after `latest`.
  time_point reserve(time_point now, time_point latest, std::size_t most = limits::requests_per_window);
  /// The server said to wait: nothing leaves before `until`.
  void block(time_point until);
  /// How many requests may leave at once.
  [[nodiscard]] std::size_t left(time_point now) const;

 private:
  mutable std::mutex mutex_;
  std::deque<time_point> taken_;  // times in the last window, in order
  time_point blocked_until_ = time_point::min();
};

/// The budget of a credential, shared by all clients of this process that use it.
[[nodiscard]] std::shared_ptr<RateBudget> budget_of(std::size_t credential_hash);

}  // namespace cloudflare::detail
