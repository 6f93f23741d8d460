#include "local/storage/call_limits.hpp"

#include <cloudflare/error.hpp>

#include <algorithm>
#include <utility>

namespace cloudflare::local {

namespace {

using SteadyClock = std::chrono::steady_clock;

thread_local const CallLimits* of_this_thread = nullptr;

Error ended(ErrorKind kind, const char* text) {
  return Error(ErrorDetails{.kind = kind, .text = text, .delivery = Delivery::not_sent});
}

}  // namespace

CallLimits::CallLimits(TimePoint deadline, std::stop_token stop)
    : deadline_(deadline), stop_(std::move(stop)), outer_(std::exchange(of_this_thread, this)) {}

CallLimits::~CallLimits() {
  if (of_this_thread == this) of_this_thread = outer_;
}

const CallLimits& CallLimits::current() noexcept { return of_this_thread == nullptr ? none() : *of_this_thread; }

const CallLimits& CallLimits::outer() const noexcept { return outer_ == nullptr ? none() : *outer_; }

const CallLimits& CallLimits::none() noexcept {
  static const CallLimits limits;
  return limits;
}

bool CallLimits::over() const noexcept {
  return stop_.stop_requested() || (deadline_ != TimePoint::max() && SteadyClock::now() >= deadline_);
}

void CallLimits::check() const {
  if (!over()) return;
  if (stop_.stop_requested())
    throw ended(ErrorKind::cancelled, "the stop token was triggered; what the call had begun is undone");
  throw ended(ErrorKind::timeout, "the deadline passed; what the call had begun is undone");
}

template <class Free>
bool CallMutex::wait(std::unique_lock<std::mutex>& lock, TimePoint time, Free free) {
  if (free()) return true;
  const CallLimits& limits = CallLimits::current();
  ++waiting_;
  while (!free() && !limits.over() && SteadyClock::now() < time) {
    // Far deadlines overflow the arithmetic of some C++ libraries.
    const TimePoint until = std::min({time, limits.deadline(), SteadyClock::now() + std::chrono::hours(1)});
    freed_.wait_until(lock, limits.stop(), until, free);
  }
  --waiting_;
  if (free()) return true;
  freed_.notify_one();  // the wake-up may have been meant for another waiter
  limits.check();
  return false;
}

void CallMutex::lock() { (void)try_lock_until(TimePoint::max()); }

bool CallMutex::try_lock() {
  const std::lock_guard lock(mutex_);
  if (held_ || readers_ > 0) return false;
  held_ = true;
  return true;
}

bool CallMutex::try_lock_until(TimePoint time) {
  std::unique_lock lock(mutex_);
  if (!wait(lock, time, [this] { return !held_ && readers_ == 0; })) return false;
  held_ = true;
  return true;
}

void CallMutex::unlock() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  if (waiting_ > 0) freed_.notify_all();
}

void CallMutex::lock_shared() {
  std::unique_lock lock(mutex_);
  (void)wait(lock, TimePoint::max(), [this] { return !held_; });
  ++readers_;
}

void CallMutex::unlock_shared() {
  const std::lock_guard lock(mutex_);
  if (--readers_ == 0 && waiting_ > 0) freed_.notify_all();
}

}  // namespace cloudflare::local
