#pragma once

// How long a call may take: its deadline and its stop token, which everything that may take long asks while it works,
// and which bound the wait for what another call holds.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include <cloudflare/http/transport.hpp>

namespace cloudflare::local {

/// The limits of the call that this thread answers, for as long as the object lives. One within another, on the same
/// thread, takes its place meanwhile.
class CallLimits {
 public:
  CallLimits(TimePoint deadline, std::stop_token stop);
  ~CallLimits();
  CallLimits(const CallLimits&) = delete;
  CallLimits& operator=(const CallLimits&) = delete;

  /// Those of this thread; without a call there are none.
  [[nodiscard]] static const CallLimits& current() noexcept;

  [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }
  [[nodiscard]] const std::stop_token& stop() const noexcept { return stop_; }
  [[nodiscard]] bool over() const noexcept;
  /// Those that these stand in for.
  [[nodiscard]] const CallLimits& outer() const noexcept;
  /// To be called only where nothing was changed yet, or all of it will be undone.
  /// @throws Error  timeout, cancelled: with Delivery::not_sent
  void check() const;

 private:
  CallLimits() = default;
  [[nodiscard]] static const CallLimits& none() noexcept;

  const TimePoint deadline_ = TimePoint::max();
  const std::stop_token stop_{};
  const CallLimits* const outer_ = nullptr;
};

/// A shared mutex that a call waits for no longer than it may.
class CallMutex {
 public:
  /// @throws Error  timeout, cancelled
  void lock();
  [[nodiscard]] bool try_lock();
  /// False if the time comes before the lock. @throws Error  timeout, cancelled
  [[nodiscard]] bool try_lock_until(TimePoint time);
  void unlock();
  /// @throws Error  timeout, cancelled
  void lock_shared();
  void unlock_shared();

 private:
  // Waits until `free`, the call's end or `time`; true if it is free.
  template <class Free>
  bool wait(std::unique_lock<std::mutex>& lock, TimePoint time, Free free);

  std::mutex mutex_{};
  std::condition_variable_any freed_{};
  int waiting_ = 0;
  int readers_ = 0;
  bool held_ = false;
};

}  // namespace cloudflare::local
