#include <cloudflare/clock.hpp>

#include <algorithm>

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
};

}  // namespace

std::shared_ptr<Clock> Clock::system() {
  static const auto clock = std::make_shared<SystemClock>();
  return clock;
}

}  // namespace cloudflare
