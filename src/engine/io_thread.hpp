#pragma once

// The one thread of a client's asynchronous operations: it pumps one Loop.

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <cloudflare/async/operation.hpp>

namespace cloudflare::detail {

class ClientCore;
class Loop;

class IoThread {
 public:
  explicit IoThread(ClientCore& core);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  /// Takes an operation; starts the thread if there is none yet. After shut_down() the operation completes here,
  /// cancelled.
  void submit(std::unique_ptr<PendingOperation> pending);
  /// Completes everything with `cancelled` and ends the thread: when this returns, all callbacks have run. If a
  /// callback calls this on the thread itself, by releasing the last handle, it returns at once and the thread does the
  /// rest.
  void shut_down();

 private:
  enum class State : std::uint8_t { idle, running, stopping, ended };

  void begin();
  void run();
  /// Completes a finished operation, on its executor if it has one.
  void hand_over(std::unique_ptr<PendingOperation> pending);
  void refuse(std::unique_ptr<PendingOperation> pending, Error error);
  void report_thrown() const noexcept;

  ClientCore& core_;
  std::mutex mutex_{};
  State state_ = State::idle;
  std::vector<std::unique_ptr<PendingOperation>> inbox_{};
  std::unique_ptr<Loop> loop_{};
  std::thread thread_{};
  bool turning_ = false;  // used only by the thread: flows are at work, whose submissions must wake it
};

}  // namespace cloudflare::detail
