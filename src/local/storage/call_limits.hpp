#pragma once

// How long a call may take: its deadline and its stop token. Long work checks them as it goes, and they bound the wait
// for a lock that another call holds.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include <cloudflare/http/transport.hpp>

namespace cloudflare::local {

/// The limits of the call that this thread answers, in force while the object lives. A second object on the same thread
/// replaces the first while it lives.
class CallLimits {
 public:
  CallLimits(TimePoint deadline, std::stop_token stop);
  ~CallLimits();
  CallLimits(const CallLimits&) = delete;
  CallLimits& operator=(const CallLimits&) = delete;

  /// The limits of this thread's call; outside a call nothing is limited.
  [[nodiscard]] static const CallLimits& current() noexcept;

  [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }
  [[nodiscard]] const std::stop_token& stop() const noexcept { return stop_; }
  [[nodiscard]] bool over() const noexcept;
  /// The limits that these replace.
  [[nodiscard]] const CallLimits& outer() const noexcept;
  /// Call it only where nothing was changed yet, or where every change will be undone.
  /// @throws Error  timeout, cancelled: with Delivery::not_sent
  void check() const;

 private:
  CallLimits() = default;
  [[nodiscard]] static const CallLimits& none() noexcept;

  const TimePoint deadline_ = TimePoint::max();
  const std::stop_token stop_{};
  const CallLimits* const outer_ = nullptr;
};

/// A shared mutex. The wait for it ends with the limits of the call.
class CallMutex {
 public:
  /// @throws Error  timeout, cancelled
  void lock();
  [[nodiscard]] bool try_lock();
  /// False if `time` passes first. @throws Error  timeout, cancelled
  [[nodiscard]] bool try_lock_until(TimePoint time);
  void unlock();
  /// @throws Error  timeout, cancelled
  void lock_shared();
  void unlock_shared();

 private:
  // Waits until `free()` is true or `time` passes; returns `free()`. Throws if the call's limits end first.
  template <class Free>
  bool wait(std::unique_lock<std::mutex>& lock, TimePoint time, Free free);

  std::mutex mutex_{};
  std::condition_variable_any freed_{};
  int waiting_ = 0;
  int readers_ = 0;
  bool held_ = false;
};

}  // namespace cloudflare::local
