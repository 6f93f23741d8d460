#pragma once

// A flow run, and each request of it through all its attempts.

#include <memory>
#include <string>
#include <vector>

#include <cloudflare/detail/flow.hpp>

#include "engine/client_core.hpp"
#include "engine/loop.hpp"

namespace cloudflare::detail {

struct Loop::FlowRun : std::enable_shared_from_this<Loop::FlowRun> {
  Flow* flow = nullptr;
  std::unique_ptr<PendingOperation> pending{};  // of an asynchronous operation; owns the flow
  CallOptions call{};
  time_point deadline = time_point::max();
  std::vector<std::shared_ptr<Exchange>> exchanges{};
  std::optional<Timers::iterator> deadline_timer{};
  std::vector<Timers::iterator> timers{};  // to wake it
  std::list<std::shared_ptr<FlowRun>>::iterator place{};
  bool done = false;
  bool yielded = false;          // waits to be woken
  std::string_view operation{};  // name of the latest request, for errors that no request explains
  int attempts = 0;
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};
};

struct Loop::Exchange : std::enable_shared_from_this<Loop::Exchange> {
  Exchange(std::weak_ptr<FlowRun> its_run, unsigned its_tag, Request&& its_request)
      : run(std::move(its_run)), tag(its_tag), request(std::move(its_request)) {}

  std::weak_ptr<FlowRun> run;  // which owns this
  bool dropped = false;        // the run has let go of it, the channel perhaps not yet
  unsigned ticket = 0;         // of the attempt in flight; 0 if there is none
  unsigned tag;
  Request request;
  std::size_t own_headers = 0;  // those of the request; the loop's come behind them
  int attempt = 0;
  bool budgeted = false;        // the rate budget has granted the coming attempt
  bool unknown_before = false;  // an earlier attempt may have been executed
  std::shared_ptr<const CommonHeaders> common{};
  std::optional<Timers::iterator> timer{};

  [[nodiscard]] bool in_flight() const noexcept { return ticket != 0; }
  /// Adds base URL, credential and user agent for the coming attempt.
  void address(const ClientCore& core);
  /// Prepares body and sink for another attempt; false if they have only one.
  [[nodiscard]] bool rewind();
  /// `error` with what only the transfer knows, and without what must not show.
  [[nodiscard]] Error explain(const Error& error) const;
  /// Takes the credential out of what a server said.
  void hide_secrets(std::string& text) const;
  void hide_secrets(std::vector<Message>& messages) const;
  /// Adds what the caller can do, if a large request took too long.
  void advise(ErrorDetails& d) const;
  [[nodiscard]] bool may_write() const noexcept { return request.repeat != Repeat::read; }
};

/// Knows whether the caller's sink has seen a byte.
class TrackedSink final : public Sink {
 public:
  explicit TrackedSink(std::shared_ptr<Sink> inner) : inner_(std::move(inner)) {}
  void write(std::string_view bytes) override {
    touched_ = true;
    inner_->write(bytes);
  }
  bool restart() override {
    if (touched_ && !inner_->restart()) return false;
    touched_ = false;
    return true;
  }

 private:
  std::shared_ptr<Sink> inner_;
  bool touched_ = false;
};

}  // namespace cloudflare::detail
