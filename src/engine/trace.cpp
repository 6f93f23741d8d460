// What a loop tells the tracers of its client.

#include <algorithm>
#include <exception>

#include "engine/endpoint.hpp"
#include "engine/exchange.hpp"
#include "engine/extra_headers.hpp"
#include "engine/loop.hpp"

namespace cloudflare::detail {

// Each tracer is told, though one before it throws: what began for it must end for it.
template <class Tell>
void Loop::tell(Tell tell) {
  std::exception_ptr thrown;
  for (const auto& tracer : core_.options().tracers) {
    try {
      tell(*tracer);
    } catch (...) {
      if (!thrown) thrown = std::current_exception();
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

// For ends that nothing can change: a tracer that throws is reported as other callbacks are, and the others are told.
template <class Tell>
void Loop::tell_quietly(Tell tell) noexcept {
  const ClientOptions& options = core_.options();
  for (const auto& tracer : options.tracers) {
    try {
      tell(*tracer);
    } catch (...) {
      try {
        if (options.log)
          options.log({.level = LogLevel::error, .event = "callback", .error = to_string(ErrorKind::callback)});
      } catch (...) {  // an exception of the log hook can be reported nowhere
      }
    }
  }
}

void Loop::trace_enqueued(FlowRun& run, Exchange& exchange) {
  exchange.ready_at = core_.clock().now();
  if (run.trace) return;
  run.trace = OperationTrace{.id = core_.next_trace_id(),
                             .operation = exchange.request.endpoint->name,
                             .parent = run.call.trace_parent ? std::string_view(*run.call.trace_parent) : "",
                             .begun = exchange.ready_at};
  tell([&](Tracer& tracer) { tracer.operation_begins(*run.trace); });
}

void Loop::trace_launched(FlowRun& run, Exchange& exchange) {
  Request& request = exchange.request;
  auto trace = std::make_unique<TracedAttempt>();
  AttemptTrace& told = trace->told;
  told.id = core_.next_trace_id();
  told.operation_id = run.trace->id;
  told.operation = request.endpoint->name;
  told.method = request.http.method;
  told.url_template = request.endpoint->path;
  const auto server = request.authenticated ? core_.server() : url_parts(request.http.url).value_or(UrlParts());
  trace->server = server.host;
  told.server_address = trace->server;
  told.server_port = server.port;
  told.resend_count = exchange.attempt;
  told.begun = core_.clock().now();
  told.queued = std::max(told.begun - exchange.ready_at, Clock::time_point::duration(0));
  exchange.trace = std::move(trace);
  request.http.measured = true;

  std::vector<Header> added;
  tell([&](Tracer& tracer) { tracer.attempt_begins(told, added); });
  if (!request.authenticated || added.empty()) return;
  if (auto refused = check_extra_headers(added, request.http.headers)) throw Error(*std::move(refused));
  request.http.headers.insert(request.http.headers.end(), added.begin(), added.end());
}

void Loop::trace_completed(Exchange& exchange, const Result<Reply>& reply, int status, std::size_t bytes,
                           const std::optional<TransferFacts>& facts) {
  const std::unique_ptr<TracedAttempt> trace = std::move(exchange.trace);
  AttemptTrace& told = trace->told;
  told.duration = core_.clock().now() - told.begun;
  told.status = status;
  told.bytes_sent = facts ? facts->bytes_sent : exchange.request.http.body.size().value_or(0);
  told.bytes_received = facts ? facts->bytes_received : bytes;
  if (facts) told.queued += facts->queued;
  if (facts) told.connection_reused = facts->connection_reused;
  std::string ray;
  if (!reply) {
    told.error_type = to_string(reply.error().kind());
    ray = reply.error().ray_id();
  } else if (const std::string* header = find_header(reply->http.headers, "cf-ray")) {
    ray = *header;
  }
  exchange.hide_secrets(ray);
  told.ray_id = ray;
  tell([&](Tracer& tracer) { tracer.attempt_ends(told); });
}

void Loop::trace_dropped(Exchange& exchange, std::string_view error_type) noexcept {
  const std::unique_ptr<TracedAttempt> trace = std::move(exchange.trace);
  trace->told.duration = core_.clock().now() - trace->told.begun;
  trace->told.error_type = error_type;
  tell_quietly([&](Tracer& tracer) { tracer.attempt_ends(trace->told); });
}

void Loop::trace_closed(FlowRun& run) noexcept {
  const Error* failure = run.flow->ended_by();
  const std::string_view error_type = failure != nullptr ? to_string(failure->kind()) : "";
  for (const auto& exchange : run.exchanges)
    if (exchange->trace) trace_dropped(*exchange, error_type.empty() ? to_string(ErrorKind::cancelled) : error_type);
  OperationTrace told = *std::exchange(run.trace, std::nullopt);
  told.duration = core_.clock().now() - told.begun;
  told.attempts = run.attempts;
  told.error_type = error_type;
  tell_quietly([&](Tracer& tracer) { tracer.operation_ends(told); });
}

}  // namespace cloudflare::detail
