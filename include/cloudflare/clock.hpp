#pragma once

// Time as the library sees it, so that tests can decide what time it is.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include <cloudflare/detail/export.hpp>

namespace cloudflare {

/// Monotonic time for deadlines and pauses, wall time for dates that a server sends.
class CLOUDFLARE_API Clock {
 public:
  /// Of the steady clock.
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  /// For time limits and pauses; never goes back.
  [[nodiscard]] virtual time_point now() const = 0;
  /// The time of day, for expirations.
  [[nodiscard]] virtual std::chrono::sys_seconds wall() const = 0;
  /// Waits on `signal` until `until` passes or `woken` is true.
  virtual void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& signal, time_point until,
                    const std::function<bool()>& woken) = 0;
  /// now(), or some milliseconds before it where the system tells that in less time: for the age of what a cache keeps.
  [[nodiscard]] virtual time_point recent() const { return now(); }

  /// The machine's clocks.
  [[nodiscard]] static std::shared_ptr<Clock> system();
};

}  // namespace cloudflare
