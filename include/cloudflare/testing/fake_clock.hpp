#pragma once

// A clock that stands still until it is told to move, or until something waits on it.

#include <mutex>

#include <cloudflare/clock.hpp>

namespace cloudflare::testing {

/// Waiting moves the clock to the time waited for at once, so pauses of minutes take no time.
class CLOUDFLARE_API FakeClock final : public Clock {
 public:
  explicit FakeClock(std::chrono::sys_seconds wall = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)));

  [[nodiscard]] time_point now() const override;
  [[nodiscard]] std::chrono::sys_seconds wall() const override;
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& signal, time_point until,
            const std::function<bool()>& woken) override;

  void advance(std::chrono::milliseconds by);
  /// Moves to `to` unless it is in the past.
  void advance_to(time_point to);
  /// Sets the time of day, forwards or back, as an administrator or a time server does. now() goes on as before.
  void set_wall(std::chrono::sys_seconds wall);

 private:
  mutable std::mutex mutex_;
  time_point start_;
  time_point now_;
  std::chrono::sys_seconds wall_;
};

}  // namespace cloudflare::testing
