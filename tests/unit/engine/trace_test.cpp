// What tracers are told, and what Metrics makes of it.

#include <cloudflare/async.hpp>
#include <cloudflare/d1.hpp>
#include <cloudflare/metrics.hpp>

#include <mutex>
#include <thread>

#include "core_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;

namespace {

std::string words(std::initializer_list<std::string> parts) {
  std::string line;
  for (const std::string& part : parts)
    if (!part.empty()) line.append(line.empty() ? "" : " ").append(part);
  return line;
}

/// Writes down everything as lines; ids are counted from 1 in the order of appearance.
class Notes : public cf::Tracer {
 public:
  std::vector<cf::Header> add{};
  std::string thrown_at{};

  void operation_begins(const cf::OperationTrace& o) override {
    note("operation_begins", {number(o.id), std::string(o.operation), std::string(o.parent)});
  }
  void attempt_begins(const cf::AttemptTrace& a, std::vector<cf::Header>& headers) override {
    headers.insert(headers.end(), add.begin(), add.end());
    note("attempt_begins",
         {number(a.operation_id) + "/" + number(a.id), std::string(a.method), std::string(a.url_template),
          std::string(a.server_address) + ":" + std::to_string(a.server_port),
          "resend " + std::to_string(a.resend_count), "queued " + ms(a.queued)});
  }
  void attempt_ends(const cf::AttemptTrace& a) override {
    note("attempt_ends", {number(a.operation_id) + "/" + number(a.id), std::to_string(a.status),
                          std::string(a.error_type), std::string(a.ray_id), ms(a.duration),
                          std::to_string(a.bytes_sent) + " sent, " + std::to_string(a.bytes_received) + " received"});
  }
  void operation_ends(const cf::OperationTrace& o) override {
    note("operation_ends",
         {number(o.id), std::string(o.error_type), ms(o.duration), std::to_string(o.attempts) + " attempts"});
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  static std::string ms(std::chrono::nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + "ms";
  }
  std::string number(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    return "#" + std::to_string(numbers_.emplace(id, numbers_.size() + 1).first->second);
  }
  void note(const std::string& what, std::initializer_list<std::string> parts) {
    {
      const std::lock_guard lock(mutex_);
      lines_.push_back(what + " " + words(parts));
    }
    if (what == thrown_at) throw std::runtime_error("thrown at " + what);
  }

  mutable std::mutex mutex_{};
  std::map<std::uint64_t, std::size_t> numbers_{};
  std::vector<std::string> lines_{};
};

using Lines = std::vector<std::string>;
const std::string value_path = "/accounts/{}/storage/kv/namespaces/{}/values/{}";  // NOLINT(cert-err58-cpp)

struct Traced : Scripted {
  using Scripted::Scripted;
  std::shared_ptr<Notes> notes = std::make_shared<Notes>();

  [[nodiscard]] cf::ApiClient client(cf::ClientOptions options = cf::ClientOptions()) const {
    options.tracers = {notes};
    options.backoff_base = 0ms;
    return Scripted::client(std::move(options));
  }
  [[nodiscard]] cf::KvNamespace kv() const { return client().kv("ns"); }
};

}  // namespace

TEST_CASE("a tracer is told of an operation and each of its attempts, with OpenTelemetry's attributes and no ids") {
  Traced s({{.status = 503, .body = "down", .headers = {{"cf-ray", "ray1"}}, .after = 20ms},
            {.body = "value", .headers = {{"cf-ray", "ray2"}}, .after = 5ms}});
  CHECK(s.client().with({.trace_parent = "the parent"}).kv("secret-ns").get("secret-key") == "value");
  CHECK(s.notes->lines() ==
        Lines{"operation_begins #1 kv.get the parent",
              "attempt_begins #1/#2 GET " + value_path + " api.cloudflare.com:443 resend 0 queued 0ms",
              "attempt_ends #1/#2 503 server ray1 20ms 0 sent, 4 received",
              "attempt_begins #1/#3 GET " + value_path + " api.cloudflare.com:443 resend 1 queued 0ms",
              "attempt_ends #1/#3 200 ray2 5ms 0 sent, 5 received", "operation_ends #1 25ms 2 attempts"});
}

TEST_CASE("an attempt's error may be a good end of its operation, and a call without a request is not traced") {
  Traced s({refused(404, 10009, "no such key")});
  CHECK_FALSE(s.kv().get("k"));
  CHECK(s.notes->lines().at(2).starts_with("attempt_ends #1/#2 404 not_found 0ms"));
  CHECK(s.notes->lines().back() == "operation_ends #1 0ms 1 attempts");
  const auto before = s.notes->lines().size();
  CHECK_FALSE(s.kv().checked().get(""));
  CHECK(s.notes->lines().size() == before);
}

TEST_CASE("whatever ends an operation ends its attempts first: deadline, stop token, a failed transfer") {
  Traced s({{.after = 1h}, no_connection()});
  CHECK(error_of([&] { (void)s.client().with({.timeout = 50ms}).kv("ns").get("k"); }).kind() == cf::ErrorKind::timeout);
  auto lines = s.notes->lines();
  REQUIRE(lines.size() == 4);
  CHECK(lines[2] == "attempt_ends #1/#2 0 timeout 50ms 0 sent, 0 received");
  CHECK(lines[3] == "operation_ends #1 timeout 50ms 1 attempts");
  CHECK_FALSE(s.client().with({.max_attempts = 1}).kv("ns").checked().put("k", "12345"));
  lines = s.notes->lines();
  CHECK(lines[6].find("0 transport 0ms 5 sent, 0 received") != std::string::npos);
  CHECK(lines[7].find("transport") != std::string::npos);
}

TEST_CASE("waiting for the rate budget is time in the queue, of the attempt and of no other") {
  Traced s;
  s.fake->answer_with([](const cf::testing::SentRequest&) { return FakeReply{.body = "v"}; });
  const auto kv = s.client({.timeout = 10min, .rate_budget = true}).kv("ns");
  for (int i = 0; i < 1201; ++i) (void)kv.get("k");
  const auto lines = s.notes->lines();
  CHECK(lines[1199 * 4 + 1].ends_with("queued 0ms"));
  // The window of five minutes, and two seconds of tolerance.
  CHECK(lines[1200 * 4 + 1].ends_with("queued 302000ms"));
  CHECK(lines[1200 * 4 + 3].find(" 302000ms 1 attempts") != std::string::npos);
}

TEST_CASE("an attempt carries the headers that tracers add, each attempt its own; credentials stay") {
  Traced s({refused(503, 0, ""), {.body = "v"}});
  s.notes->add = {{"traceparent", "00-1"}, {"X-Mine", "2"}};
  (void)s.kv().get("k");
  for (const auto& request : s.fake->requests()) {
    CHECK(request.header("traceparent") == "00-1");
    CHECK(request.header("X-Mine") == "2");
    CHECK(std::count_if(request.headers.begin(), request.headers.end(),
                        [](const auto& header) { return header.name == "traceparent"; }) == 1);
  }
  for (const cf::Header& bad : {cf::Header{"Authorization", "Bearer other"},
                                {"x-auth-key", "other"},
                                {"user-agent", "other"},
                                {"a b", "other"},
                                {"X-A", "other\r\nX-B: c"}}) {
    Traced t;
    t.notes->add = {bad};
    const auto error = error_of([&] { (void)t.kv().get("k"); });
    INFO(error.what());
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(std::string(error.what()).find("other") == std::string::npos);
    CHECK_FALSE(error.outcome_unknown());
    CHECK(t.count() == 0);
    CHECK(t.notes->lines().at(2).starts_with("attempt_ends #1/#2 0 invalid_argument"));
    CHECK(t.notes->lines().back() == "operation_ends #1 invalid_argument 0ms 0 attempts");
  }
}

TEST_CASE("a signed URL carries no header of a tracer, and shows its host alone") {
  Traced s({ok(R"({"success":true,"status":"complete","type":"export","at_bookmark":"b","result":)"
               R"({"filename":"f.sql","signed_url":"https://r2.example:8443/secret.sql?X-Amz-Signature=secret"}})"),
            {.body = "SELECT 1;"}});
  s.notes->add = {{"traceparent", "00-1"}};
  s.client().d1("00000000-0000-4000-8000-000000000000").export_to(cf::sink_to([](std::string_view) {}));
  const auto requests = s.fake->requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].header("traceparent") == "00-1");
  CHECK(requests[1].header("traceparent").empty());
  const auto lines = s.notes->lines();
  CHECK(lines.at(3) == "attempt_begins #1/#3 GET r2.example:8443 resend 0 queued 0ms");
  for (const std::string& line : lines) CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE("a tracer that throws ends the call with its exception; once the outcome is there, the log hears of it") {
  for (const char* where : {"operation_begins", "attempt_begins", "attempt_ends"}) {
    INFO(where);
    Traced s({{.body = "v"}});
    s.notes->thrown_at = where;
    CHECK_THROWS_AS(s.kv().get("k"), std::runtime_error);
    CHECK(s.notes->lines().back().starts_with("operation_ends #1 callback"));
    const auto checked = s.kv().checked().get("k");
    CHECK(checked.error().kind() == cf::ErrorKind::callback);
  }
  Traced s({{.body = "v"}});
  s.notes->thrown_at = "operation_ends";
  std::vector<std::string> events;
  const auto log = [&](const cf::LogRecord& record) { events.emplace_back(record.event); };
  CHECK(s.client({.log = log}).kv("ns").get("k") == "v");
  CHECK(events == std::vector<std::string>{"callback"});
  CHECK(s.client({.log = [](const auto&) { throw 1; }}).kv("ns").checked().get("").error().kind() ==
        cf::ErrorKind::invalid_argument);
}

TEST_CASE("all tracers are told in their order, also when one throws; null is refused") {
  cf::ClientOptions options;
  const Scripted s;
  s.fake->answer_with([](const cf::testing::SentRequest&) { return FakeReply{.body = "v"}; });
  for (const char* where : {"operation_begins", "attempt_begins", "attempt_ends", "operation_ends"}) {
    const auto first = std::make_shared<Notes>(), second = std::make_shared<Notes>();
    first->thrown_at = where;
    options.tracers = {first, second};
    const bool good = s.client(options).kv("ns").checked().get("k").has_value();
    CHECK(good == (first->thrown_at == "operation_ends"));
    CHECK(first->lines() == second->lines());
    CHECK(second->lines().back().starts_with("operation_ends"));
  }
  options.tracers = {nullptr};
  CHECK(error_of([&] { (void)s.client(options); }).kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("an operation of several requests is one operation, and each attempt names its own request") {
  Traced s({ok(R"([{"id":"1"}])", R"({"page":1,"total_pages":2})"), ok(R"([{"id":"2"}])")});
  CHECK_FALSE(s.client().kv_namespaces().find("none"));
  const auto lines = s.notes->lines();
  CHECK(std::count_if(lines.begin(), lines.end(), [](const auto& l) { return l.starts_with("operation_"); }) == 2);
  CHECK(lines.back() == "operation_ends #1 0ms 2 attempts");
}

TEST_CASE("asynchronous operations are traced on the I/O thread, with the parent of their call") {
  Traced s({{.body = "v"}, {.body = "v"}});
  const auto client = s.client().with({.trace_parent = "p"});
  CHECK(client.kv("ns").async().get("k").as_future().get() == "v");
  CHECK(client.kv("ns").async().get("k").as_future().get() == "v");
  const auto lines = s.notes->lines();
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] == "operation_begins #1 kv.get p");
  CHECK(lines[7].starts_with("operation_ends #3"));
}

TEST_CASE("metrics count requests by operation and status, repetitions, bytes and times, as Prometheus reads them") {
  const auto metrics = std::make_shared<cf::Metrics>();
  const Scripted s({{.status = 503, .body = "down", .after = 20ms}, {.body = "value", .after = 5ms}, stored()});
  const auto kv = s.client({.backoff_base = 0ms, .tracers = {metrics}}).kv("ns");
  (void)kv.get("k");
  kv.put("k", "12345678");
  const std::string text = metrics->prometheus();
  INFO(text);
  const auto has = [&](const std::string& line) { return text.find('\n' + line + '\n') != std::string::npos; };
  const std::string failed =
      R"(operation="kv.get",http_request_method="GET",http_response_status_code="503",error_type="server")";
  const std::string good =
      R"(operation="kv.get",http_request_method="GET",http_response_status_code="200",error_type="")";
  CHECK(has("http_client_request_duration_seconds_bucket{" + failed + R"(,le="0.01"} 0)"));
  CHECK(has("http_client_request_duration_seconds_bucket{" + failed + R"(,le="0.025"} 1)"));
  CHECK(has("http_client_request_duration_seconds_bucket{" + failed + R"(,le="+Inf"} 1)"));
  CHECK(has("http_client_request_duration_seconds_bucket{" + good + R"(,le="0.005"} 1)"));  // a bound is inclusive
  CHECK(has("http_client_request_duration_seconds_sum{" + good + "} 0.005"));
  CHECK(has("http_client_request_duration_seconds_count{" + good + "} 1"));
  CHECK(has("# TYPE http_client_request_duration_seconds histogram"));
  CHECK(has(R"(cloudflare_client_operation_duration_seconds_sum{operation="kv.get",error_type=""} 0.025)"));
  CHECK(has(R"(cloudflare_client_resends_total{operation="kv.get"} 1)"));
  CHECK(has(R"(cloudflare_client_resends_total{operation="kv.put"} 0)"));
  CHECK(has(R"(http_client_request_body_bytes_total{operation="kv.put"} 8)"));
  CHECK(has(R"(http_client_response_body_bytes_total{operation="kv.get"} 9)"));
  CHECK(has("http_client_active_requests 0"));
  CHECK(text.ends_with("\n"));
  CHECK(text.starts_with("# HELP "));
}

TEST_CASE("metrics are shared by threads and clients") {
  const auto metrics = std::make_shared<cf::Metrics>();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const Scripted s;
      s.fake->answer_with([](const cf::testing::SentRequest&) { return FakeReply{.body = "v"}; });
      const auto kv = s.client({.tracers = {metrics}}).kv("ns");
      for (int n = 0; n < 50; ++n) {
        (void)kv.get("k");
        (void)metrics->prometheus();
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(metrics->prometheus().find(R"(error_type=""} 200)") != std::string::npos);
}
