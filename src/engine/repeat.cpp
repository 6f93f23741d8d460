// Which requests a loop sends again, and when.

#include "base/saturating.hpp"
#include "engine/exchange.hpp"
#include "engine/log.hpp"
#include "engine/loop.hpp"
#include "engine/retry.hpp"

namespace cloudflare::detail {

using std::chrono::milliseconds;

namespace {

// Whether the flow will halve the request, so the loop must not repeat it.
bool asks_for_division(const Request& request, const Error& error) {
  if (!request.divisible) return false;
  return error.http_status() == 413 || error.http_status() == 524 ||
         (error.http_status() == 0 && error.details().delivery == Delivery::unknown);
}

}  // namespace

bool Loop::repeat_later(FlowRun& run, Exchange& exchange, const Error& error) {
  const ClientOptions& options = core_.options();
  const RetryLimits limits{
      .max_attempts = most_attempts(run), .backoff_base = options.backoff_base, .backoff_cap = options.backoff_cap};
  if (!may_repeat(exchange.request.repeat, error) || asks_for_division(exchange.request, error)) return false;
  if (exchange.request.paced && error.kind() == ErrorKind::rate_limited) return false;
  if (exchange.attempt >= limits.max_attempts) return false;
  const milliseconds pause = pause_before_repeat(limits, exchange.attempt, error, core_.random());
  const time_point at = saturating_add(core_.clock().now(), pause);
  if (at >= run.deadline || !exchange.rewind()) return false;
  if (error.details().delivery == Delivery::unknown) exchange.unknown_before = true;
  exchange.ready_at = at;
  exchange.timer = timers_.insert({at, {Timer::What::launch, &run, &exchange}});
  log(options, LogLevel::info, "retry", exchange.request, exchange.attempt, [&](LogRecord& record) {
    record.pause = pause;
    record.error = to_string(error.kind());
  });
  return true;
}

int Loop::most_attempts(const FlowRun& run) const {
  return run.call.max_attempts.value_or(core_.options().max_attempts);
}

bool Loop::repeat_renewed(FlowRun& run, Exchange& exchange, const Error& error) {
  if (error.kind() != ErrorKind::unauthorized || !exchange.request.authenticated || exchange.renewed) return false;
  if (exchange.attempt >= most_attempts(run) || !core_.renewed(*exchange.common) || !exchange.rewind()) return false;
  exchange.renewed = true;
  exchange.ready_at = core_.clock().now();
  ready_.push_back(exchange.weak_from_this());
  log(core_.options(), LogLevel::info, "retry", exchange.request, exchange.attempt,
      [&](LogRecord& record) { record.error = to_string(error.kind()); });
  return true;
}

}  // namespace cloudflare::detail
