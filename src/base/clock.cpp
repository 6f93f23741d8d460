#include <cloudflare/clock.hpp>

#include <algorithm>
#include <ctime>

namespace cloudflare {

namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] time_point now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] std::chrono::sys_seconds wall() const override {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& signal, time_point until,
            const std::function<bool()>& woken) override {
    // Far deadlines overflow the arithmetic of some C++ libraries.
    signal.wait_until(lock, std::min(until, now() + std::chrono::hours(1)), woken);
  }
#ifdef CLOCK_MONOTONIC_COARSE  // Linux: the steady clock at its last tick, told without reading the processor's counter
  [[nodiscard]] time_point recent() const override {
    timespec last_tick{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &last_tick);
    return time_point(std::chrono::seconds(last_tick.tv_sec) + std::chrono::nanoseconds(last_tick.tv_nsec));
  }
#endif
};

}  // namespace

std::shared_ptr<Clock> Clock::system() {
  static const auto clock = std::make_shared<SystemClock>();
  return clock;
}

}  // namespace cloudflare
