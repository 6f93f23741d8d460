#pragma once

// A flow run, and its exchanges: an exchange is one request through all its attempts.

#include <memory>
#include <string>
#include <vector>

#include <cloudflare/detail/flow.hpp>
#include <cloudflare/tracer.hpp>

#include "engine/client_core.hpp"
#include "engine/loop.hpp"
#include "engine/partial_sink.hpp"

namespace cloudflare::detail {

struct Loop::FlowRun : std::enable_shared_from_this<Loop::FlowRun> {
  Flow* flow = nullptr;
  std::unique_ptr<PendingOperation> pending{};  // only for an asynchronous operation; owns the flow
  CallOptions call{};
  time_point deadline = time_point::max();
  std::vector<std::shared_ptr<Exchange>> exchanges{};
  std::optional<Timers::iterator> deadline_timer{};
  std::vector<Timers::iterator> timers{};  // its wake-ups
  std::list<std::shared_ptr<FlowRun>>::iterator place{};
  bool done = false;
  bool yielded = false;          // it asked to be woken
  std::string_view operation{};  // name of the latest request, for errors outside of a request
  int attempts = 0;
  std::optional<OperationTrace> trace{};  // while its tracers have been told that it began
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};
};

/// An attempt that tracers were told of, and the texts that it shows.
struct TracedAttempt {
  AttemptTrace told{};
  std::string server{};
};

struct Loop::Exchange : std::enable_shared_from_this<Loop::Exchange> {
  Exchange(std::weak_ptr<FlowRun> its_run, unsigned its_tag, Request&& its_request)
      : run(std::move(its_run)), tag(its_tag), request(std::move(its_request)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { remove_address(); }

  std::weak_ptr<FlowRun> run;  // owns this
  bool dropped = false;        // the run has released it, though the channel may not have
  unsigned ticket = 0;         // the channel's number for the attempt in flight; 0 if there is none
  unsigned tag;
  Request request;
  std::size_t own_headers = 0;  // how many headers are the request's own; the loop adds its own behind them
  int attempt = 0;
  bool budgeted = false;        // the rate budget has granted the coming attempt
  bool renewed = false;         // refused once for a token that has been replaced
  bool unknown_before = false;  // an earlier attempt may have been executed
  std::shared_ptr<const CommonHeaders> common{};
  std::shared_ptr<PartialSink> partial{};  // the request's sink, if it is one
  std::optional<Timers::iterator> timer{};
  time_point ready_at{};                   // when the coming attempt could be sent; known if there are tracers
  std::unique_ptr<TracedAttempt> trace{};  // while its tracers have been told that it began

  [[nodiscard]] bool in_flight() const noexcept { return ticket != 0; }
  /// Adds base URL, credential and user agent for the coming attempt.
  void address(const ClientCore& core);
  /// Overwrites and removes the headers that address() added.
  void remove_address() noexcept;
  /// Puts what a PartialSink left into the reply.
  void add_rest(Result<HttpResponse>& reply) const;
  /// Prepares body and sink for another attempt; false if they cannot restart.
  [[nodiscard]] bool rewind();
  /// `error` with the facts that only the exchange knows, and without secrets.
  [[nodiscard]] Error explain(const Error& error) const;
  /// Removes the credential from a server's text.
  void hide_secrets(std::string& text) const;
  void hide_secrets(std::vector<Message>& messages) const;
  /// Adds the endpoint's advice if a large request took too long.
  void advise(ErrorDetails& d) const;
  [[nodiscard]] bool may_write() const noexcept { return request.repeat != Repeat::read; }
};

/// Records whether the caller's sink was given a byte.
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
