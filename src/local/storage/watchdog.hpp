#pragma once

// Interrupts connections whose time is over, from a thread of its own. Some instructions of SQLite run for seconds
// without calling the progress handler, but notice an interruption.

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <cloudflare/http/transport.hpp>

#include "local/storage/sqlite.hpp"

namespace cloudflare::local {

/// Any thread may call. The thread begins with the first watch.
class Watchdog {
 public:
  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// While it lives, its connection is interrupted once `time` has passed. Must end before the connection does.
  class Watch {
   public:
    Watch(Watchdog& dog, sqlite3* connection, TimePoint time);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Watchdog& dog_;
    std::multimap<TimePoint, sqlite3*>::iterator place_;
  };

 private:
  void run();

  std::mutex mutex_{};
  std::condition_variable news_{};
  std::multimap<TimePoint, sqlite3*> watched_{};
  TimePoint next_look_ = TimePoint::max();  // when the thread wakes up next
  bool ending_ = false;
  std::thread thread_{};
};

}  // namespace cloudflare::local
