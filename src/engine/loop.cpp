#include "engine/loop.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/saturating.hpp"
#include "engine/budget.hpp"
#include "engine/exchange.hpp"
#include "engine/judge.hpp"
#include "engine/log.hpp"

namespace cloudflare::detail {

using std::chrono::milliseconds;

// What other threads ask for. A flow's waker shares it, because it may outlive the loop.
struct Loop::Signals {
  explicit Signals(Channel* its_channel) : channel(its_channel) {}

  void add(std::vector<std::weak_ptr<FlowRun>> Signals::*kind, const std::weak_ptr<FlowRun>& run) {
    const std::lock_guard lock(mutex);
    if (channel == nullptr) return;
    (this->*kind).push_back(run);
    any = true;
    channel->wake();
  }

  std::mutex mutex{};
  Channel* channel;  // null when the loop is gone
  std::vector<std::weak_ptr<FlowRun>> stopped{};
  std::vector<std::weak_ptr<FlowRun>> woken{};
  std::atomic<bool> any{false};  // readable without the lock
};

// The loop as a flow sees it during a step.
class Loop::RunOutbox final : public Outbox {
 public:
  RunOutbox(Loop& loop, FlowRun& run, Request* answered = nullptr) : loop_(loop), run_(run), answered_(answered) {}
  void send(unsigned tag, Request&& request) override { loop_.enqueue(run_, tag, std::move(request)); }
  void wake_after(milliseconds pause) override {
    // Room first: a timer that its run does not know would outlive the run.
    run_.timers.reserve(run_.timers.size() + 1);
    run_.timers.push_back(loop_.timers_.insert({saturating_add(now(), pause), {Timer::What::wake, &run_}}));
  }
  void yield() override {
    if (!std::exchange(run_.yielded, true)) loop_.yielded_.push_back(run_.weak_from_this());
  }
  [[nodiscard]] std::function<void()> waker() override {
    return [signals = loop_.signals_, run = run_.weak_from_this()] { signals->add(&Signals::woken, run); };
  }
  [[nodiscard]] Request& sent() override { return *answered_; }
  [[nodiscard]] std::chrono::sys_seconds wall() const override { return loop_.core_.clock().wall(); }
  [[nodiscard]] TimePoint now() const override { return loop_.core_.clock().now(); }
  [[nodiscard]] std::optional<std::size_t> budget_left() const override {
    if (loop_.core_.budget() == nullptr) return std::nullopt;
    return loop_.core_.budget()->left(now());
  }

 private:
  Loop& loop_;
  FlowRun& run_;
  Request* answered_;
};

Loop::Loop(ClientCore& core)
    : core_(core), channel_(core.transport().open(core.clock())), signals_(std::make_shared<Signals>(channel_.get())) {}
Loop::~Loop() {
  const std::lock_guard lock(signals_->mutex);
  signals_->channel = nullptr;
}

void Loop::run(Flow& flow, const CallOptions& call) {
  time_point now = core_.clock().now();
  const auto run = begin(flow, call, nullptr, now);
  while (!run->done) {
    step(now);
    if (run->done) return;
    wait();
    if (!run->done) now = core_.clock().now();
  }
}

void Loop::add(std::unique_ptr<PendingOperation> pending) {
  Flow& flow = pending->flow();
  if (flow.finished()) return finished_.push_back(std::move(pending));
  const CallOptions call = pending->call;
  begin(flow, call, std::move(pending), core_.clock().now());
}

void Loop::turn() {
  step(core_.clock().now());
  if (finished_.empty()) wait();
}

void Loop::cancel_all(const std::string& why) {
  while (!runs_.empty()) {
    const std::shared_ptr<FlowRun> run = runs_.front();
    end(*run, interrupted(*run, ErrorKind::cancelled, why));
  }
}

std::shared_ptr<Loop::FlowRun> Loop::begin(Flow& flow, const CallOptions& call,
                                           std::unique_ptr<PendingOperation> pending, time_point now) {
  auto run = std::make_shared<FlowRun>();
  run->flow = &flow;
  run->pending = std::move(pending);
  run->call = call;
  run->place = runs_.insert(runs_.end(), run);
  guarded(run, [&] {
    if (flow.bounded()) {
      run->deadline = saturating_add(now, call.timeout.value_or(core_.options().timeout));
      run->deadline_timer = timers_.insert({run->deadline, {Timer::What::deadline, run.get()}});
    }
    if (call.stop.stop_possible()) {
      run->on_stop.emplace(
          call.stop, [signals = signals_, stopped = std::weak_ptr(run)] { signals->add(&Signals::stopped, stopped); });
    }
    RunOutbox out(*this, *run);
    flow.begin(out);
  });
  return run;
}

void Loop::obey_signals() {
  std::vector<std::weak_ptr<FlowRun>> stopped;
  std::vector<std::weak_ptr<FlowRun>> woken;
  {
    const std::lock_guard lock(signals_->mutex);
    stopped.swap(signals_->stopped);
    woken.swap(signals_->woken);
    signals_->any = false;
  }
  for (const auto& weak : stopped)
    if (const auto run = weak.lock(); run && !run->done)
      end(*run, interrupted(*run, ErrorKind::cancelled, "the stop token was triggered"));
  for (const auto& weak : woken)
    if (const auto run = weak.lock(); run && !run->done) wake_flow(run);
}

void Loop::wake_flow(const std::shared_ptr<FlowRun>& run) {
  guarded(run, [&] {
    RunOutbox out(*this, *run);
    run->flow->on_wake(out);
  });
}

void Loop::step(time_point now) {
  if (signals_->any) obey_signals();
  while (!timers_.empty() && timers_.begin()->first <= now) fire(timers_.begin()->second);
  while (!ready_.empty()) {
    const std::shared_ptr<Exchange> exchange = ready_.front().lock();
    ready_.pop_front();
    if (exchange && !exchange->dropped) launch(exchange);
  }
}

void Loop::wait() {
  const bool yielded = !yielded_.empty();
  const time_point until = yielded ? core_.clock().now() : timers_.empty() ? time_point::max() : timers_.begin()->first;
  if (auto completion = channel_->wait(until)) complete(*completion);
  if (yielded) wake_next();
}

void Loop::wake_next() {
  const std::shared_ptr<FlowRun> run = yielded_.front().lock();
  yielded_.pop_front();
  if (!run || run->done) return;
  run->yielded = false;
  wake_flow(run);
}

void Loop::fire(const Timer& timer) {
  const auto at = timers_.begin();
  if (timer.what == Timer::What::launch) {
    Exchange& exchange = *timer.exchange;
    timers_.erase(at);
    exchange.timer.reset();
    ready_.push_back(exchange.weak_from_this());
    return;
  }
  const std::shared_ptr<FlowRun> run = timer.run->shared_from_this();
  if (timer.what == Timer::What::deadline) {
    timers_.erase(at);
    run->deadline_timer.reset();
    const auto limit = run->call.timeout.value_or(core_.options().timeout);
    return end(*run, interrupted(*run, ErrorKind::timeout, "not done within " + std::to_string(limit.count()) + " ms"));
  }
  std::erase(run->timers, at);
  timers_.erase(at);
  wake_flow(run);
}

void Loop::enqueue(FlowRun& run, unsigned tag, Request&& request) {
  const auto exchange = std::make_shared<Exchange>(run.weak_from_this(), tag, std::move(request));
  if (run.call.replay_safe.value_or(false) && exchange->request.repeat == Repeat::once)
    exchange->request.repeat = Repeat::idempotent;
  run.exchanges.push_back(exchange);
  ready_.push_back(exchange);
  if (core_.traced()) trace_enqueued(run, *exchange);
}

void Loop::launch(const std::shared_ptr<Exchange>& exchange) {
  const std::shared_ptr<FlowRun> owner = exchange->run.lock();
  FlowRun& run = *owner;
  guarded(owner, [&] {
    if (core_.budget() != nullptr && exchange->request.authenticated && !exchange->budgeted) {
      // A paced request does not queue: it asks again when there may be room.
      const time_point now = core_.clock().now();
      const bool paced = exchange->request.paced;
      const time_point at = paced ? core_.budget()->reserve(now, now, core_.paced_budget(run.call))
                                  : core_.budget()->reserve(now, run.deadline);
      exchange->budgeted = !paced || at <= now;
      if (at > run.deadline) {
        const auto wait = std::chrono::ceil<std::chrono::seconds>(at - now);
        return deliver(run, *exchange,
                       exchange->explain(Error(ErrorDetails{
                           .kind = ErrorKind::rate_limited,
                           .text = "the rate budget of 1200 requests in 5 minutes is used up beyond the deadline",
                           .retry_after = wait,
                           .delivery = Delivery::not_sent})));
      }
      if (at > now) {
        exchange->timer = timers_.insert({at, {Timer::What::launch, &run, exchange.get()}});
        return log(core_.options(), LogLevel::info, "wait", exchange->request, exchange->attempt,
                   [&](LogRecord& record) { record.pause = std::chrono::ceil<milliseconds>(at - now); });
      }
    }
    try {
      exchange->address(core_);
      if (core_.traced()) trace_launched(run, *exchange);
    } catch (const Error& error) {
      if (exchange->trace) trace_dropped(*exchange, to_string(error.kind()));
      return deliver(run, *exchange, exchange->explain(error));
    }
    ++exchange->attempt;
    ++run.attempts;
    exchange->ticket = next_ticket_++;
    in_flight_.emplace(exchange->ticket, exchange);
    exchange->budgeted = false;
    run.operation = exchange->request.endpoint->name;
    const ClientOptions& options = core_.options();
    log(options, LogLevel::debug, "request", exchange->request, exchange->attempt, [](LogRecord&) {});
    channel_->start(exchange->ticket, std::shared_ptr<const HttpRequest>(exchange, &exchange->request.http),
                    {.deadline = run.deadline,
                     .connect_timeout = std::min<milliseconds>(options.connect_timeout, std::chrono::hours(24)),
                     .stall_timeout = options.stall_timeout,
                     .stop = run.call.stop});
  });
}

void Loop::complete(Completion& completion) {
  const auto it = in_flight_.find(completion.ticket);
  if (it == in_flight_.end()) return;
  const std::shared_ptr<Exchange> exchange = std::move(it->second);
  in_flight_.erase(it);
  exchange->ticket = 0;
  const std::shared_ptr<FlowRun> run = exchange->run.lock();
  guarded(run, [&] {
    const ClientOptions& options = core_.options();
    const Endpoint& endpoint = *exchange->request.endpoint;
    exchange->add_rest(completion.reply);
    const int status = completion.reply ? completion.reply->status : 0;
    const std::size_t bytes = completion.reply ? completion.reply->body.size() : 0;
    std::vector<Message> messages;
    Result<Reply> reply = completion.reply ? judge(endpoint, std::move(*completion.reply), core_.clock(), messages)
                                           : Result<Reply>(completion.reply.error());
    if (exchange->trace) trace_completed(*exchange, reply, status, bytes, completion.facts);
    const auto report = [&](LogLevel level, std::string_view event) {
      std::string ray;
      log(options, level, event, exchange->request, exchange->attempt, [&](LogRecord& record) {
        record.http_status = status;
        record.reply_bytes = bytes;
        if (reply) return;
        record.error = to_string(reply.error().kind());
        exchange->hide_secrets(ray = reply.error().ray_id());
        record.ray_id = ray;
      });
    };
    report(LogLevel::debug, "reply");
    if (reply) {
      reply->attempts = exchange->attempt;
      reply->endpoint = &endpoint;
      if (options.on_messages && !messages.empty()) {
        exchange->hide_secrets(messages);
        options.on_messages(endpoint.name, messages);
      }
      return deliver(*run, *exchange, std::move(reply));
    }
    const Error& error = reply.error();
    if (core_.budget() != nullptr && error.kind() == ErrorKind::rate_limited && error.retry_after())
      core_.budget()->block(saturating_add(core_.clock().now(), *error.retry_after()));
    if (repeat_renewed(*run, *exchange, error) || repeat_later(*run, *exchange, error)) return;
    report(LogLevel::warning, "failure");
    deliver(*run, *exchange, exchange->explain(error));
  });
}

void Loop::deliver(FlowRun& run, Exchange& exchange, Result<Reply>&& reply) {
  drop(exchange);
  std::erase_if(run.exchanges, [&](const auto& one) { return one.get() == &exchange; });
  RunOutbox out(*this, run, &exchange.request);
  run.flow->on_reply(exchange.tag, std::move(reply), out);
}

template <class Step>
void Loop::guarded(const std::shared_ptr<FlowRun>& run, Step step) {
  try {
    step();
  } catch (...) {
    end(*run, thrown_by_caller());
  }
  if (!run->done && run->flow->finished()) close(*run);
}

Error Loop::interrupted(const FlowRun& run, ErrorKind kind, std::string text) const {
  ErrorDetails d{
      .kind = kind, .text = std::move(text), .operation = std::string(run.operation), .attempts = run.attempts};
  int sent = run.attempts;
  bool unknown = false;
  for (const auto& exchange : run.exchanges) {
    if (!exchange->in_flight() && !exchange->unknown_before) continue;
    exchange->advise(d);
    if (!exchange->unknown_before && !channel_->may_have_sent(exchange->ticket)) {
      --sent;
      continue;
    }
    unknown = true;
    d.outcome_unknown = d.outcome_unknown || exchange->may_write();
  }
  d.delivery = unknown ? Delivery::unknown : sent == 0 ? Delivery::not_sent : Delivery::answered;
  return Error(std::move(d));
}

void Loop::end(FlowRun& run, const Error& error) {
  if (!run.flow->finished()) run.flow->abort(error);
  if (!run.done) close(run);
}

void Loop::close(FlowRun& run) {
  if (run.trace) trace_closed(run);
  for (const auto& exchange : run.exchanges) drop(*exchange);
  if (run.deadline_timer) timers_.erase(*run.deadline_timer);
  for (const auto timer : run.timers) timers_.erase(timer);
  run.done = true;
  run.on_stop.reset();
  if (run.pending) finished_.push_back(std::move(run.pending));
  runs_.erase(run.place);
}

void Loop::drop(Exchange& exchange) {
  exchange.dropped = true;
  if (exchange.timer) timers_.erase(*std::exchange(exchange.timer, std::nullopt));
  if (!exchange.in_flight()) return;
  const unsigned ticket = std::exchange(exchange.ticket, 0U);
  channel_->abandon(ticket);
  in_flight_.erase(ticket);
}

}  // namespace cloudflare::detail
