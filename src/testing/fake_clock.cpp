#include <cloudflare/testing/fake_clock.hpp>

#include <algorithm>

#include "base/saturating.hpp"

namespace cloudflare::testing {

FakeClock::FakeClock(std::chrono::sys_seconds wall)
    : start_(time_point(std::chrono::hours(1))), now_(start_), wall_(wall) {}

Clock::time_point FakeClock::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

std::chrono::sys_seconds FakeClock::wall() const {
  const std::lock_guard lock(mutex_);
  return detail::saturating_add(wall_, std::chrono::floor<std::chrono::seconds>(now_ - start_));
}

void FakeClock::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& signal, time_point until,
                     const std::function<bool()>& woken) {
  if (woken()) return;
  if (until == time_point::max()) return signal.wait(lock, woken);
  advance_to(until);
}

void FakeClock::advance(std::chrono::milliseconds by) {
  const std::lock_guard lock(mutex_);
  now_ = detail::saturating_add(now_, by);
}

void FakeClock::advance_to(time_point to) {
  const std::lock_guard lock(mutex_);
  now_ = std::max(now_, to);
}

void FakeClock::set_wall(std::chrono::sys_seconds wall) {
  const std::lock_guard lock(mutex_);
  wall_ = detail::saturating_add(wall, -std::chrono::floor<std::chrono::seconds>(now_ - start_));
}

}  // namespace cloudflare::testing
