#pragma once

// Drives flows: sends their requests, judges replies, repeats, waits, and obeys deadlines and stop tokens. A blocking
// call runs a loop on its own thread; the I/O thread runs one loop for all asynchronous operations.

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include <cloudflare/async/operation.hpp>
#include <cloudflare/clock.hpp>
#include <cloudflare/detail/flow.hpp>

#include "engine/client_core.hpp"
#include "engine/retry.hpp"

namespace cloudflare::detail {

class Loop {
 public:
  explicit Loop(ClientCore& core);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `flow` until it is finished.
  void run(Flow& flow, const CallOptions& call);

  /// Takes an operation; take_finished() returns it when its flow is finished.
  void add(std::unique_ptr<PendingOperation> pending);
  /// One round of work; waits if there is none and nothing has finished.
  void turn();
  void cancel_all(const std::string& why);
  [[nodiscard]] std::vector<std::unique_ptr<PendingOperation>> take_finished() { return std::exchange(finished_, {}); }
  [[nodiscard]] bool idle() const noexcept { return runs_.empty() && finished_.empty(); }
  /// Ends the wait of turn(); from any thread.
  void wake() noexcept { channel_->wake(); }

 private:
  using time_point = Clock::time_point;
  struct FlowRun;
  struct Exchange;
  // A timer is erased together with its run or exchange, so its pointers stay valid.
  struct Timer {
    enum class What : std::uint8_t { deadline, wake, launch } what;
    FlowRun* run;
    Exchange* exchange = nullptr;  // the one to launch
  };
  using Timers = std::multimap<time_point, Timer>;
  class RunOutbox;
  struct Signals;

  std::shared_ptr<FlowRun> begin(Flow& flow, const CallOptions& call, std::unique_ptr<PendingOperation> pending,
                                 time_point now);
  /// Stop tokens, timers, launches.
  void step(time_point now);
  /// Ends the runs whose stop token fired, and wakes those that were signalled.
  void obey_signals();
  void wake_flow(const std::shared_ptr<FlowRun>& run);
  /// Waits for a completion, which it handles, for the next timer, or for wake().
  void wait();
  void fire(const Timer& timer);
  /// Wakes the first of the runs that yielded.
  void wake_next();

  void enqueue(FlowRun& run, unsigned tag, Request&& request);
  void launch(const std::shared_ptr<Exchange>& exchange);
  void complete(Completion& completion);
  [[nodiscard]] bool repeat_later(FlowRun& run, Exchange& exchange, const Error& error);
  /// Repeats a request at once if it was refused for a token that has been replaced meanwhile.
  [[nodiscard]] bool repeat_renewed(FlowRun& run, Exchange& exchange, const Error& error);
  [[nodiscard]] int most_attempts(const FlowRun& run) const;
  /// Hands a reply to the flow; the caller holds the exchange.
  void deliver(FlowRun& run, Exchange& exchange, Result<Reply>&& reply);

  /// Runs a step of a run. An exception ends the run. Closes the run if its flow is finished.
  template <class Step>
  void guarded(const std::shared_ptr<FlowRun>& run, Step step);
  void end(FlowRun& run, const Error& error);
  void close(FlowRun& run);
  /// Ends an exchange: cancels its request and its timer.
  void drop(Exchange& exchange);

  // For the tracers, in trace.cpp; those that are not noexcept throw what a tracer throws.
  void trace_enqueued(FlowRun& run, Exchange& exchange);
  void trace_launched(FlowRun& run, Exchange& exchange);
  void trace_completed(Exchange& exchange, const Result<Reply>& reply, int status, std::size_t bytes,
                       const std::optional<TransferFacts>& facts);
  void trace_dropped(Exchange& exchange, std::string_view error_type) noexcept;
  void trace_closed(FlowRun& run) noexcept;
  template <class Tell>
  void tell(Tell tell);
  template <class Tell>
  void tell_quietly(Tell tell) noexcept;

  [[nodiscard]] Error interrupted(const FlowRun& run, ErrorKind kind, std::string text) const;

  ClientCore& core_;
  std::unique_ptr<Channel> channel_;
  std::list<std::shared_ptr<FlowRun>> runs_{};                           // each owns its exchanges
  std::unordered_map<unsigned, std::shared_ptr<Exchange>> in_flight_{};  // by the channel's ticket
  std::deque<std::weak_ptr<Exchange>> ready_{};                          // to be launched in this turn
  std::deque<std::weak_ptr<FlowRun>> yielded_{};                         // to be woken when the channel has worked
  std::vector<std::unique_ptr<PendingOperation>> finished_{};
  Timers timers_{};
  unsigned next_ticket_ = 1;

  std::shared_ptr<Signals> signals_;
};

}  // namespace cloudflare::detail
