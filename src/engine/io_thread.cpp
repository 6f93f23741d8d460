#include "engine/io_thread.hpp"

#include <system_error>

#include "base/start_thread.hpp"
#include "engine/client_core.hpp"
#include "engine/loop.hpp"

namespace cloudflare::detail {

namespace {

thread_local const ClientCore* served_by_this_thread = nullptr;

Error closed() { return Error(ErrorKind::cancelled, "the client was closed: its last handle is gone"); }

}  // namespace

IoThread::IoThread(ClientCore& core) : core_(core) {}
IoThread::~IoThread() = default;

void IoThread::submit(std::unique_ptr<PendingOperation> pending) {
  std::optional<Error> failure;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::idle) {
      try {
        begin();
      } catch (const Error& error) {
        failure = error;
      } catch (const std::system_error&) {
        failure = Error(ErrorKind::transport, "the I/O thread cannot be started");
      }
    }
    if (state_ == State::ended) failure = closed();
    if (!failure) {
      inbox_.push_back(std::move(pending));
      // One wake serves all submissions until the thread looks. The thread needs none from its own callbacks.
      const bool will_look = served_by_this_thread == &core_ && !turning_;
      if (inbox_.size() == 1 && !will_look) loop_->wake();
      return;
    }
  }
  refuse(std::move(pending), std::move(*failure));
}

void IoThread::begin() {
  if (!loop_) loop_ = std::make_unique<Loop>(core_);
  // The thread keeps the core alive until it ends, and with it this object and the loop.
  thread_ = start_thread([this, core = core_.shared_from_this()] { run(); });
  state_ = State::running;
}

void IoThread::shut_down() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::running) {
      state_ = State::ended;
      return;
    }
    state_ = State::stopping;
  }
  if (served_by_this_thread == &core_) return thread_.detach();
  loop_->wake();
  thread_.join();
}

void IoThread::run() {
  served_by_this_thread = &core_;
  std::vector<std::unique_ptr<PendingOperation>> news;
  for (;;) {
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      news.swap(inbox_);
      stopping = state_ == State::stopping;
      if (stopping && news.empty() && loop_->idle()) {
        state_ = State::ended;
        return;
      }
    }
    turning_ = true;
    for (auto& pending : news) {
      if (stopping) {
        refuse(std::move(pending), closed());
      } else {
        loop_->add(std::move(pending));
      }
    }
    news.clear();
    if (stopping) {
      loop_->cancel_all("the client was closed: its last handle is gone");
    } else {
      loop_->turn();
    }
    turning_ = false;
    for (auto& pending : loop_->take_finished()) hand_over(std::move(pending));
  }
}

void IoThread::refuse(std::unique_ptr<PendingOperation> pending, Error error) {
  if (!pending->flow().finished()) pending->flow().abort(std::move(error));
  hand_over(std::move(pending));
}

void IoThread::hand_over(std::unique_ptr<PendingOperation> pending) {
  const std::shared_ptr<PendingOperation> shared = std::move(pending);
  try {
    if (!shared->executor) return shared->complete();
    const Executor executor = std::move(shared->executor);
    executor([shared] { shared->complete(); });
  } catch (...) {
    report_thrown();
    try {
      shared->complete();  // the executor refused, so complete on this thread
    } catch (...) {
      report_thrown();
    }
  }
}

void IoThread::report_thrown() const noexcept {
  const ClientOptions& options = core_.options();
  if (!options.log) return;
  try {
    options.log({.level = LogLevel::error, .event = "callback", .error = to_string(ErrorKind::callback)});
  } catch (...) {  // an exception of the log hook can be reported nowhere
  }
}

void submit(const std::shared_ptr<ClientCore>& core, std::unique_ptr<PendingOperation> pending) {
  core->io().submit(std::move(pending));
}

bool on_io_thread(const ClientCore* core) noexcept {
  return core != nullptr ? served_by_this_thread == core : served_by_this_thread != nullptr;
}

AsyncContext async_context(const Context& context) { return {context, context.client->core()}; }

}  // namespace cloudflare::detail
