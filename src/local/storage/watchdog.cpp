#include "local/storage/watchdog.hpp"

#include <algorithm>

#include "base/start_thread.hpp"

namespace cloudflare::local {

namespace {

using SteadyClock = std::chrono::steady_clock;

// When a connection is interrupted again: an interruption between two statements is lost.
constexpr std::chrono::milliseconds again{20};

}  // namespace

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  news_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Watchdog::Watch::Watch(Watchdog& dog, sqlite3* connection, TimePoint time) : dog_(dog) {
  const std::lock_guard lock(dog_.mutex_);
  place_ = dog_.watched_.emplace(time, connection);
  if (!dog_.thread_.joinable()) {
    dog_.thread_ = cloudflare::detail::start_thread([&dog] { dog.run(); });
  } else if (time < dog_.next_look_) {
    dog_.news_.notify_one();
  }
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(dog_.mutex_);
  dog_.watched_.erase(place_);
}

// The end of a watch does not change the time of the next look, so that short calls do not wake the thread.
void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const TimePoint now = SteadyClock::now();
    TimePoint next = now + std::chrono::hours(1);
    for (const auto& [time, connection] : watched_) {
      next = std::min(next, std::max(time, now + again));
      if (time > now) break;
      sqlite3_interrupt(connection);
    }
    next_look_ = next;
    news_.wait_until(lock, next);
  }
}

}  // namespace cloudflare::local
