// Spans of operations and of their requests, as OTLP JSON: what an OpenTelemetry collector takes at /v1/traces.
//
// opentelemetry-cpp is not needed: a tracer is told all that a span holds. One that uses its API begins a span where
// this one begins one, and ends it where this one does.
//
//   tracing                  prints the spans
//   tracing EXPECTED         counts ids instead of drawing them, and compares with a file

#include <cloudflare/async.hpp>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/metrics.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <cloudflare/tracer.hpp>

#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <sstream>

namespace cf = cloudflare;
using nlohmann::ordered_json;

namespace {

/// Hexadecimal digits of a new id: 32 for a trace, 16 for a span.
using MakeId = std::function<std::string(std::size_t digits)>;

std::string random_id(std::size_t digits) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string id;
  while (id.size() < digits) id.push_back("0123456789abcdef"[random() % 16]);
  return id;
}

/// Where a span belongs.
struct SpanContext {
  std::string trace{};
  std::string span{};
  [[nodiscard]] std::string traceparent() const { return "00-" + trace + "-" + span + "-01"; }
};

ordered_json attribute(std::string_view key, std::string_view text) {
  return {{"key", key}, {"value", {{"stringValue", text}}}};
}
ordered_json attribute(std::string_view key, std::int64_t number) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(number)}}}};  // OTLP JSON writes 64 bits as text
}

class OtlpTracer : public cf::Tracer {
 public:
  OtlpTracer(std::shared_ptr<cf::Clock> clock, MakeId make_id)
      : clock_(std::move(clock)), make_id_(std::move(make_id)), start_(clock_->now()), wall_(clock_->wall()) {}

  void operation_begins(const cf::OperationTrace& operation) override {
    const std::lock_guard lock(mutex_);
    SpanContext context{.trace = make_id_(32), .span = make_id_(16)};
    if (operation.parent.size() == 55) context.trace = operation.parent.substr(3, 32);  // a traceparent
    open_[operation.id] = context;
  }
  // [headers]
  void attempt_begins(const cf::AttemptTrace& attempt, std::vector<cf::Header>& headers) override {
    const std::lock_guard lock(mutex_);
    const SpanContext context{.trace = open_[attempt.operation_id].trace, .span = make_id_(16)};
    open_[attempt.id] = context;
    headers.push_back({"traceparent", context.traceparent()});
  }
  // [/headers]
  void attempt_ends(const cf::AttemptTrace& attempt) override {
    const std::string name = std::string(attempt.method) + " " + std::string(attempt.url_template);
    ordered_json attributes = ordered_json::array(
        {attribute("http.request.method", attempt.method), attribute("url.template", attempt.url_template),
         attribute("server.address", attempt.server_address), attribute("server.port", attempt.server_port)});
    if (attempt.status != 0) attributes.push_back(attribute("http.response.status_code", attempt.status));
    if (attempt.resend_count != 0) attributes.push_back(attribute("http.request.resend_count", attempt.resend_count));
    if (!attempt.ray_id.empty()) attributes.push_back(attribute("cloudflare.ray_id", attempt.ray_id));
    const std::lock_guard lock(mutex_);
    const std::string parent = open_[attempt.operation_id].span;
    end(attempt.id, parent, name, 3, attempt.begun, attempt.duration, attempt.error_type, std::move(attributes));
  }
  void operation_ends(const cf::OperationTrace& operation) override {
    const std::lock_guard lock(mutex_);
    const std::string parent(operation.parent.size() == 55 ? operation.parent.substr(36, 16) : "");
    end(operation.id, parent, std::string(operation.operation), 1, operation.begun, operation.duration,
        operation.error_type, ordered_json::array());
  }

  /// The spans so far, as the body of a POST to a collector.
  [[nodiscard]] ordered_json otlp() const {
    const std::lock_guard lock(mutex_);
    const ordered_json scope = {{"scope", {{"name", "cloudflare-cpp"}}}, {"spans", spans_}};
    const ordered_json resource = {{"attributes", ordered_json::array({attribute("service.name", "tracing")})}};
    return {{"resourceSpans",
             ordered_json::array({{{"resource", resource}, {"scopeSpans", ordered_json::array({scope})}}})}};
  }

 private:
  // `kind` is 1 for what happens in the process and 3 for a call to another.
  void end(std::uint64_t id, const std::string& parent, const std::string& name, int kind, cf::TimePoint begun,
           std::chrono::nanoseconds duration, std::string_view error_type, ordered_json attributes) {
    const SpanContext context = open_[id];
    open_.erase(id);
    const std::chrono::nanoseconds from = wall_.time_since_epoch() + (begun - start_);
    if (!error_type.empty()) attributes.push_back(attribute("error.type", error_type));
    ordered_json span = {{"traceId", context.trace}, {"spanId", context.span}};
    if (!parent.empty()) span["parentSpanId"] = parent;
    span["name"] = name;
    span["kind"] = kind;
    span["startTimeUnixNano"] = std::to_string(from.count());
    span["endTimeUnixNano"] = std::to_string((from + duration).count());
    span["attributes"] = std::move(attributes);
    span["status"] = error_type.empty() ? ordered_json::object() : ordered_json{{"code", 2}};
    spans_.push_back(std::move(span));
  }

  std::shared_ptr<cf::Clock> clock_;
  MakeId make_id_;
  cf::TimePoint start_;
  std::chrono::sys_seconds wall_;
  mutable std::mutex mutex_{};
  std::map<std::uint64_t, SpanContext> open_{};
  ordered_json spans_ = ordered_json::array();
};

}  // namespace

int main(int count, char** arguments) {
  const bool check = count > 1;
  int ids = 0;
  const MakeId counted = [&ids](std::size_t digits) {
    const std::string number = std::to_string(++ids);
    return std::string(digits - number.size(), '0') + number;
  };
  // Replies that a server would give: busy at first, and no such key.
  auto fake = std::make_shared<cf::testing::FakeTransport>();
  fake->reply(
      {.status = 503, .body = "busy", .headers = {{"cf-ray", "ray-1"}}, .after = std::chrono::milliseconds(40)});
  fake->reply({.body = "light", .headers = {{"cf-ray", "ray-2"}}, .after = std::chrono::milliseconds(15)});
  fake->reply(cf::testing::refused(404, 10009, "key not found"));
  const auto clock = fake->clock();

  // [setup]
  auto spans = std::make_shared<OtlpTracer>(clock, check ? counted : MakeId(random_id));
  auto metrics = std::make_shared<cf::Metrics>();
  cf::ClientOptions options{.account_id = "account", .backoff_base = std::chrono::milliseconds(0)};
  options.tracers = {spans, metrics};
  // [/setup]
  options.transport = fake;
  options.clock = clock;
  const cf::ApiClient client(cf::ApiToken("token"), options);

  // [parent]
  const std::string traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";  // of the request we serve
  const cf::KvNamespace kv = client.with({.trace_parent = traceparent}).kv("namespace");
  const std::optional<std::string> theme = kv.get("theme");
  const std::optional<std::string> font = kv.async().get("font").as_future().get();
  // [/parent]
  if (theme != "light" || font || fake->requests().at(1).header("traceparent").size() != traceparent.size()) return 1;

  const std::string printed = spans->otlp().dump(1) + "\n";
  std::cout << printed;
  // [metrics]
  const std::string page = metrics->prometheus();  // served as text/plain; version=0.0.4
  // [/metrics]
  if (page.find("http_client_request_duration_seconds_count") == std::string::npos) return 1;
  if (!check) return 0;
  std::ostringstream expected;
  expected << std::ifstream(arguments[1]).rdbuf();
  return expected.str() == printed ? 0 : 1;
}
