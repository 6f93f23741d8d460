#include "loop.hpp"

#include <algorithm>

#include "budget.hpp"
#include "reply.hpp"
#include "saturating.hpp"
#include "transfer.hpp"

namespace cloudflare::detail {

using std::chrono::milliseconds;

// What a flow sees of the loop while it takes a step.
class Loop::JobOutbox final : public Outbox {
 public:
  JobOutbox(Loop& loop, Job& job, Request* answered = nullptr) : loop_(loop), job_(job), answered_(answered) {}
  void send(unsigned tag, Request&& request) override { loop_.enqueue(job_, tag, std::move(request)); }
  void wake_after(milliseconds pause) override {
    job_.timers.push_back(loop_.timers_.insert({saturating_add(now(), pause), {Timer::What::wake, job_.id}}));
  }
  void wake_soon() override {
    if (!std::exchange(job_.soon, true)) loop_.soon_.push_back(job_.id);
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
  Job& job_;
  Request* answered_;
};

namespace {

// Only a record that somebody wants is made; `fill` adds what is special about it.
template <class Fill>
void log(const ClientOptions& options, LogLevel level, std::string_view event, const Request& request, int attempt,
         Fill fill) {
  if (!options.log || level > options.log_level) return;
  LogRecord record{.level = level,
                   .event = event,
                   .operation = request.operation->name,
                   .method = request.http.method,
                   .attempt = attempt,
                   .request_bytes = request.http.body.size().value_or(0)};
  fill(record);
  options.log(record);
}

// Whether the flow would rather divide the request than see it repeated.
bool asks_for_division(const Request& request, const Error& error) {
  if (!request.divisible) return false;
  return error.http_status() == 413 || error.http_status() == 524 ||
         (error.http_status() == 0 && error.details().delivery == Delivery::unknown);
}

}  // namespace

Loop::Loop(Core& core) : core_(core), channel_(core.transport().open(core.clock())) {}
Loop::~Loop() = default;

void Loop::run(Flow& flow, const CallOptions& call) {
  time_point now = core_.clock().now();
  const auto job = begin(flow, call, nullptr, now);
  for (; !job->done; now = core_.clock().now()) {
    step(now);
    if (!job->done) wait();
  }
}

void Loop::add(std::unique_ptr<Errand> errand) {
  Flow& flow = errand->flow();
  if (flow.finished()) return finished_.push_back(std::move(errand));
  const CallOptions call = errand->call;
  begin(flow, call, std::move(errand), core_.clock().now());
}

void Loop::turn() {
  step(core_.clock().now());
  if (finished_.empty()) wait();
}

[[gnu::cold]] void Loop::cancel_all(const std::string& why) {
  while (!jobs_.empty()) {
    const std::shared_ptr<Job> job = jobs_.begin()->second;
    end(*job, interrupted(*job, ErrorKind::cancelled, why));
  }
}

std::shared_ptr<Loop::Job> Loop::begin(Flow& flow, const CallOptions& call, std::unique_ptr<Errand> errand,
                                       time_point now) {
  auto job = std::make_shared<Job>();
  job->id = next_id_++;
  job->flow = &flow;
  job->errand = std::move(errand);
  job->call = call;
  if (flow.bounded()) {
    job->deadline = saturating_add(now, call.timeout.value_or(core_.options().timeout));
    job->deadline_timer = timers_.insert({job->deadline, {Timer::What::deadline, job->id}});
  }
  jobs_.emplace_hint(jobs_.end(), job->id, job);
  if (call.stop.stop_possible()) {
    job->on_stop.emplace(call.stop, [this, id = job->id] {
      const std::lock_guard lock(stops_mutex_);
      stops_.push_back(id);
      stopped_ = true;
      channel_->wake();
    });
  }
  guarded(job, [&] {
    JobOutbox out(*this, *job);
    flow.begin(out);
  });
  return job;
}

[[gnu::cold]] void Loop::end_stopped() {
  std::vector<unsigned> stopped;
  {
    const std::lock_guard lock(stops_mutex_);
    stopped.swap(stops_);
    stopped_ = false;
  }
  for (const unsigned id : stopped)
    if (const auto it = jobs_.find(id); it != jobs_.end())
      end(*it->second, interrupted(*it->second, ErrorKind::cancelled, "the stop token was triggered"));
}

void Loop::step(time_point now) {
  if (stopped_) end_stopped();
  while (!timers_.empty() && timers_.begin()->first <= now) fire(timers_.begin()->second);
  while (!ready_.empty()) {
    const unsigned ticket = ready_.front();
    ready_.pop_front();
    launch(ticket);
  }
}

void Loop::wait() {
  const bool soon = !soon_.empty();
  const time_point until = soon ? core_.clock().now() : timers_.empty() ? time_point::max() : timers_.begin()->first;
  if (auto completion = channel_->wait(until)) complete(*completion);
  if (soon) wake_next();
}

void Loop::wake_next() {
  const auto it = jobs_.find(soon_.front());
  soon_.pop_front();
  if (it == jobs_.end()) return;
  const std::shared_ptr<Job> job = it->second;
  job->soon = false;
  guarded(job, [&] {
    JobOutbox out(*this, *job);
    job->flow->on_wake(out);
  });
}

[[gnu::cold]] void Loop::fire(const Timer& timer) {
  const auto at = timers_.begin();
  if (timer.what == Timer::What::launch) {
    const unsigned ticket = timer.id;
    timers_.erase(at);
    transfers_.at(ticket)->timer.reset();
    ready_.push_back(ticket);
    return;
  }
  const std::shared_ptr<Job> job = jobs_.at(timer.id);
  if (timer.what == Timer::What::deadline) {
    timers_.erase(at);
    job->deadline_timer.reset();
    const auto limit = job->call.timeout.value_or(core_.options().timeout);
    return end(*job, interrupted(*job, ErrorKind::timeout, "not done within " + std::to_string(limit.count()) + " ms"));
  }
  std::erase(job->timers, at);
  timers_.erase(at);
  guarded(job, [&] {
    JobOutbox out(*this, *job);
    job->flow->on_wake(out);
  });
}

void Loop::enqueue(Job& job, unsigned tag, Request&& request) {
  auto transfer = std::make_shared<Transfer>(job.shared_from_this(), tag, std::move(request));
  if (job.call.replay_safe.value_or(false) && transfer->request.repeat == Repeat::once)
    transfer->request.repeat = Repeat::idempotent;
  const unsigned ticket = next_id_++;
  job.tickets.push_back(ticket);
  transfers_.emplace_hint(transfers_.end(), ticket, std::move(transfer));
  ready_.push_back(ticket);
}

void Loop::launch(unsigned ticket) {
  const auto it = transfers_.find(ticket);
  if (it == transfers_.end()) return;
  const std::shared_ptr<Transfer> transfer = it->second;
  Job& job = *transfer->job;
  guarded(transfer->job, [&] {
    if (core_.budget() != nullptr && transfer->request.authenticated && !transfer->budgeted) {
      // Who leaves a reserve to others does not queue before them: it asks again when there may be room.
      const time_point now = core_.clock().now();
      const bool paced = transfer->request.paced;
      const time_point at = paced ? core_.budget()->reserve(now, now, core_.paced_budget(job.call))
                                  : core_.budget()->reserve(now, job.deadline);
      transfer->budgeted = !paced || at <= now;
      if (at > job.deadline) {
        const auto wait = std::chrono::ceil<std::chrono::seconds>(at - now);
        return deliver(ticket, *transfer,
                       transfer->explain(Error(ErrorDetails{
                           .kind = ErrorKind::rate_limited,
                           .text = "the rate budget of 1200 requests in 5 minutes is used up beyond the deadline",
                           .retry_after = wait,
                           .delivery = Delivery::not_sent})));
      }
      if (at > now) {
        transfer->timer = timers_.insert({at, {Timer::What::launch, ticket}});
        return log(core_.options(), LogLevel::info, "wait", transfer->request, transfer->attempt,
                   [&](LogRecord& record) { record.pause = std::chrono::ceil<milliseconds>(at - now); });
      }
    }
    try {
      transfer->address(core_);
    } catch (const Error& error) {
      return deliver(ticket, *transfer, transfer->explain(error));
    }
    ++transfer->attempt;
    ++job.attempts;
    transfer->in_flight = true;
    transfer->budgeted = false;
    job.operation = transfer->request.operation->name;
    const ClientOptions& options = core_.options();
    log(options, LogLevel::debug, "request", transfer->request, transfer->attempt, [](LogRecord&) {});
    channel_->start(ticket, std::shared_ptr<const HttpRequest>(transfer, &transfer->request.http),
                    {.deadline = job.deadline,
                     .connect_timeout = std::min<milliseconds>(options.connect_timeout, std::chrono::hours(24)),
                     .stall_timeout = options.stall_timeout,
                     .stop = job.call.stop});
  });
}

void Loop::complete(Completion& completion) {
  const auto it = transfers_.find(completion.ticket);
  if (it == transfers_.end()) return;
  const std::shared_ptr<Transfer> transfer = it->second;
  transfer->in_flight = false;
  guarded(transfer->job, [&] {
    const ClientOptions& options = core_.options();
    const Operation& operation = *transfer->request.operation;
    const int status = completion.reply ? completion.reply->status : 0;
    const std::size_t bytes = completion.reply ? completion.reply->body.size() : 0;
    std::vector<Message> messages;
    Result<Reply> reply = completion.reply ? judge(operation, std::move(*completion.reply), core_.clock(), messages)
                                           : Result<Reply>(completion.reply.error());
    const auto report = [&](LogLevel level, std::string_view event) {
      log(options, level, event, transfer->request, transfer->attempt, [&](LogRecord& record) {
        record.http_status = status;
        record.reply_bytes = bytes;
        if (reply) return;
        record.error = to_string(reply.error().kind());
        record.ray_id = reply.error().ray_id();
      });
    };
    report(LogLevel::debug, "reply");
    if (reply) {
      reply->attempts = transfer->attempt;
      reply->operation = &operation;
      if (options.on_messages && !messages.empty()) options.on_messages(operation.name, messages);
      return deliver(completion.ticket, *transfer, std::move(reply));
    }
    const Error& error = reply.error();
    if (core_.budget() != nullptr && error.kind() == ErrorKind::rate_limited && error.retry_after())
      core_.budget()->block(saturating_add(core_.clock().now(), *error.retry_after()));
    if (repeat_later(completion.ticket, *transfer, error)) return;
    report(LogLevel::warning, "failure");
    deliver(completion.ticket, *transfer, transfer->explain(error));
  });
}

[[gnu::cold]] bool Loop::repeat_later(unsigned ticket, Transfer& transfer, const Error& error) {
  const Job& job = *transfer.job;
  const ClientOptions& options = core_.options();
  const RetryLimits limits{.max_attempts = job.call.max_attempts.value_or(options.max_attempts),
                           .backoff_base = options.backoff_base,
                           .backoff_cap = options.backoff_cap};
  if (!may_repeat(transfer.request.repeat, error) || asks_for_division(transfer.request, error)) return false;
  if (transfer.request.paced && error.kind() == ErrorKind::rate_limited) return false;
  if (transfer.attempt >= limits.max_attempts) return false;
  const milliseconds pause = pause_before_repeat(limits, transfer.attempt, error, core_.random());
  const time_point at = saturating_add(core_.clock().now(), pause);
  if (at >= job.deadline || !transfer.rewind()) return false;
  if (error.details().delivery == Delivery::unknown) transfer.unknown_before = true;
  transfer.timer = timers_.insert({at, {Timer::What::launch, ticket}});
  log(options, LogLevel::info, "retry", transfer.request, transfer.attempt, [&](LogRecord& record) {
    record.pause = pause;
    record.error = to_string(error.kind());
  });
  return true;
}

// `transfer` is kept by the caller.
void Loop::deliver(unsigned ticket, Transfer& transfer, Result<Reply>&& reply) {
  Job& job = *transfer.job;
  drop(ticket);
  std::erase(job.tickets, ticket);
  JobOutbox out(*this, job, &transfer.request);
  job.flow->on_reply(transfer.tag, std::move(reply), out);
}

template <class Step>
void Loop::guarded(const std::shared_ptr<Job>& job, Step step) {
  try {
    step();
  } catch (...) {
    end(*job, thrown_by_caller());
  }
  if (!job->done && job->flow->finished()) close(*job);
}

[[gnu::cold]] Error Loop::interrupted(const Job& job, ErrorKind kind, std::string text) const {
  ErrorDetails d{
      .kind = kind, .text = std::move(text), .operation = std::string(job.operation), .attempts = job.attempts};
  d.delivery = job.attempts == 0 ? Delivery::not_sent : Delivery::answered;
  for (const unsigned ticket : job.tickets) {
    const Transfer& transfer = *transfers_.at(ticket);
    if (!transfer.in_flight && !transfer.unknown_before) continue;
    transfer.advise(d);
    d.delivery = Delivery::unknown;
    d.outcome_unknown = d.outcome_unknown || transfer.may_write();
  }
  return Error(std::move(d));
}

[[gnu::cold]] void Loop::end(Job& job, const Error& error) {
  if (!job.flow->finished()) job.flow->abort(error);
  if (!job.done) close(job);
}

void Loop::close(Job& job) {
  for (const unsigned ticket : job.tickets) drop(ticket);
  if (job.deadline_timer) timers_.erase(*job.deadline_timer);
  for (const auto timer : job.timers) timers_.erase(timer);
  job.done = true;
  job.on_stop.reset();
  if (job.errand) finished_.push_back(std::move(job.errand));
  jobs_.erase(job.id);
}

void Loop::drop(unsigned ticket) {
  const auto it = transfers_.find(ticket);
  if (it->second->in_flight) channel_->abandon(ticket);
  if (it->second->timer) timers_.erase(*it->second->timer);
  transfers_.erase(it);
}

}  // namespace cloudflare::detail
