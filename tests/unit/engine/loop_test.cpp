// The loop that runs every call: attempts, deadline, stop tokens, the rate budget, hooks.

#include <thread>

#include "core_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::testing::SentRequest;

namespace {

FakeReply after(std::chrono::milliseconds time, FakeReply reply) {
  reply.after = time;
  return reply;
}

FakeReply retry_after(const char* seconds, FakeReply reply = refused(429, 971, "slow down")) {
  reply.headers = {{"Retry-After", seconds}};
  return reply;
}

FakeReply value() { return {.body = "v"}; }

auto elapsed(const Scripted& s) { return s.fake->clock()->now() - s.fake->requests().front().at; }

}  // namespace

TEST_CASE("Retry-After in seconds and as a date is waited for, exactly") {
  const Scripted s({retry_after("7"), retry_after("Fri, 15 Jan 2027 08:00:17 GMT"), value()});
  CHECK(s.kv().get("k") == "v");  // the fake wall clock began at 08:00:00 and stood at 08:00:07
  const auto sent = s.fake->requests();
  CHECK(sent[1].at - sent[0].at == 7s);
  CHECK(sent[2].at - sent[1].at == 10s);
}

TEST_CASE("backoff stays within its limits and max_attempts is obeyed, for the client and for a handle") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return cut(); });
  const auto client = s.client({.timeout = 1h, .max_attempts = 7, .backoff_base = 1000ms, .backoff_cap = 3000ms});
  CHECK(error_of([&] { (void)client.kv("ns").get("k"); }).attempts() == 7);
  const auto sent = s.fake->requests();
  REQUIRE(sent.size() == 7);
  for (std::size_t i = 1; i < sent.size(); ++i) CHECK(sent[i].at - sent[i - 1].at <= (i == 1 ? 1s : i == 2 ? 2s : 3s));
  CHECK(error_of([&] { (void)client.with({.max_attempts = 1}).kv("ns").get("k"); }).attempts() == 1);
  CHECK(error_of([&] { (void)client.kv("ns").with({.max_attempts = 2}).get("k"); }).attempts() == 2);
  CHECK(s.count() == 10);
}

TEST_CASE("a pause that would pass the deadline is not begun: the last failure is the answer") {
  const Scripted s({cut(), retry_after("50", refused(503, 0, "later"))});
  const auto error = error_of([&] { (void)s.kv().with({.timeout = 49s}).get("k"); });
  CHECK(error.kind() == cf::ErrorKind::server);
  CHECK(error.retry_after() == 50s);
  CHECK(error.attempts() == 2);
  CHECK(elapsed(s) <= 500ms);
}

TEST_CASE("one deadline covers all attempts and pauses together") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return after(4s, cut()); });
  const auto error = error_of([&] { (void)s.client({.timeout = 10s, .max_attempts = 100}).kv("ns").get("k"); });
  CHECK(elapsed(s) <= 10s);
  CHECK(elapsed(s) >= 8s);
  CHECK(error.attempts() <= 3);
  CHECK(error.attempts() >= 2);
}

TEST_CASE("a write whose deadline passes while it is under way has an unknown outcome, a read does not") {
  const Scripted s({after(10min, ok("null")), after(10min, value()), after(10min, ok("{}"))});
  const cf::CallOptions brief{.timeout = 2s};
  const auto put = error_of([&] { s.kv().with(brief).put("k", "v"); });
  CHECK(put.kind() == cf::ErrorKind::timeout);
  CHECK(put.outcome_unknown());
  CHECK(put.operation() == "kv.put");
  CHECK(put.attempts() == 1);
  CHECK(std::string(put.what()).find("2000 ms") != std::string::npos);
  CHECK_FALSE(error_of([&] { (void)s.kv().with(brief).get("k"); }).outcome_unknown());
  CHECK(error_of([&] { (void)s.client().with(brief).kv_namespaces().create("t"); }).outcome_unknown());
  CHECK(s.count() == 3);
}

TEST_CASE("an outcome that was unknown on an early attempt stays unknown when the last one is refused") {
  const Scripted s(
      {cut(), refused(400, 10011, "no"), no_connection(), no_connection(), no_connection(), no_connection()});
  CHECK(error_of([&] { s.kv().put("k", "v"); }).outcome_unknown());
  const auto never = error_of([&] { s.kv().put("k", "v"); });
  CHECK(never.kind() == cf::ErrorKind::transport);
  CHECK_FALSE(never.outcome_unknown());
}

TEST_CASE("429 is retried for every method, for the request was not executed") {
  Scripted s;
  s.fake->answer_with([n = 0](const SentRequest& request) mutable {
    if (++n % 2 == 1) return retry_after("1");
    return request.url.find("/values/") != std::string::npos ? ok("null") : ok(R"({"id":"n","title":"t"})");
  });
  s.kv().put("k", "v");
  s.kv().erase("k");
  s.client().kv_namespaces().create("t");
  (void)s.client().request("PATCH", "/x");
  std::vector<std::string> methods;
  for (const auto& sent : s.fake->requests()) methods.push_back(sent.method);
  CHECK(methods == std::vector<std::string>{"PUT", "PUT", "DELETE", "DELETE", "POST", "POST", "PATCH", "PATCH"});
}

TEST_CASE("a stop token triggered by another thread wakes a sleeping backoff and ends a request under way") {
  const auto from_another_thread = [](std::stop_source& source) { std::thread([&] { source.request_stop(); }).join(); };
  std::stop_source pausing;
  const Scripted s({retry_after("30"), value()});
  const auto client = s.client({.log = [&](const cf::LogRecord& record) {
    if (record.event == "retry") from_another_thread(pausing);
  }});
  const auto paused = error_of([&] { (void)client.kv("ns").with({.stop = pausing.get_token()}).get("k"); });
  CHECK(paused.kind() == cf::ErrorKind::cancelled);
  CHECK(paused.attempts() == 1);
  CHECK(s.count() == 1);
  CHECK(elapsed(s) == 0s);

  std::stop_source flying;
  Scripted t;
  t.fake->answer_with([&](const auto&) {
    from_another_thread(flying);
    return after(30s, ok("null"));
  });
  const auto cancelled = error_of([&] { t.kv().with({.stop = flying.get_token()}).put("k", "v"); });
  CHECK(cancelled.kind() == cf::ErrorKind::cancelled);
  CHECK(cancelled.outcome_unknown());
  CHECK(elapsed(t) == 0s);
}

TEST_CASE("a stop token triggered after the call, or given to another one, ends nothing") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return value(); });
  const auto client = s.client();
  std::stop_source source;
  CHECK(client.kv("ns").with({.stop = source.get_token()}).get("k") == "v");
  source.request_stop();
  CHECK(client.kv("ns").get("k") == "v");
}

TEST_CASE("with() gives a second handle and leaves the first as it was") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return after(5s, value()); });
  const auto kv = s.kv();
  const auto brief = kv.with({.timeout = 1s});
  CHECK(brief.id() == kv.id());
  CHECK(error_of([&] { (void)brief.get("k"); }).kind() == cf::ErrorKind::timeout);
  CHECK(kv.get("k") == "v");
  CHECK(brief.checked().get("k").error().kind() == cf::ErrorKind::timeout);
}

TEST_CASE("a blocking call inside a hook or callback works") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& r) { return r.method == "GET" ? value() : ok("null"); });
  const auto inner = s.kv();
  int calls = 0;
  const auto client =
      s.client({.log = [&](const auto&) { calls += inner.get("x") == "v" ? 1 : 0; }, .log_level = cf::LogLevel::debug});
  client.kv("ns").put("k", "v");
  CHECK(calls == 2);  // at the request and at its reply
}

TEST_CASE("a handle outlives the client it came from, and may die inside a callback of its own call") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return value(); });
  std::optional<cf::KvNamespace> kv;
  kv.emplace(s.client({.log = [&](const auto&) { kv.reset(); }, .log_level = cf::LogLevel::debug}).kv("ns"));
  const auto hit = kv->get("k");
  CHECK(hit == "v");
  CHECK_FALSE(kv);
}

TEST_CASE("the budget is shared by two clients of one credential, and not by another credential") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return value(); });
  const auto with_token = [&](const char* token) {
    return cf::ApiClient(cf::ApiToken(token),
                         {.account_id = "acc", .rate_budget = true, .transport = s.fake, .clock = s.fake->clock()})
        .kv("ns");
  };
  const auto first = with_token("shared");
  const auto second = with_token("shared");
  const auto other = with_token("other");
  for (int i = 0; i < 600; ++i) {
    (void)first.get("k");
    (void)second.get("k");
  }
  CHECK(error_of([&] { (void)first.get("k"); }).retry_after() == 302s);
  CHECK(error_of([&] { (void)second.get("k"); }).kind() == cf::ErrorKind::rate_limited);
  CHECK(other.get("k") == "v");
  s.fake->clock()->advance(302s);
  CHECK(second.get("k") == "v");
}

TEST_CASE("a 429 with Retry-After holds back every client of the credential") {
  const Scripted s({retry_after("20"), value(), value(), value()});
  const auto first = s.client({.rate_budget = true});
  const auto second = s.client({.rate_budget = true});
  CHECK(error_of([&] { (void)first.with({.max_attempts = 1}).kv("ns").get("k"); }).kind() ==
        cf::ErrorKind::rate_limited);
  CHECK(second.kv("ns").get("k") == "v");
  CHECK(elapsed(s) == 20s);
}

TEST_CASE("each attempt counts in the budget, and a call waits in it rather than fails") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return no_connection(); });
  const auto kv = s.client({.max_attempts = 4, .backoff_base = 0ms, .rate_budget = true}).kv("ns");
  for (int i = 0; i < 300; ++i) CHECK(error_of([&] { (void)kv.get("k"); }).attempts() == 4);
  CHECK(s.count() == 1200);
  s.fake->answer_with([](const auto&) { return value(); });
  CHECK(kv.with({.timeout = 6min}).get("k") == "v");
  CHECK(elapsed(s) == 302s);
}

TEST_CASE("without a budget of its own a client of another transport is not held back") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return value(); });
  const auto kv = s.kv();
  for (int i = 0; i < 1300; ++i) (void)kv.get("k");
  CHECK(elapsed(s) == 0s);
}

TEST_CASE("the messages of a success are handed to on_messages, those of a failure are in its error") {
  FakeReply told = ok("null");
  told.body = R"({"success":true,"result":null,"errors":[],"messages":[{"code":7,"message":"soon gone"}]})";
  const Scripted s({ok("null"), told, refused(400, 10011, "no")});
  std::vector<std::string> seen;
  const auto kv = s.client({.on_messages = [&](std::string_view operation, const std::vector<cf::Message>& messages) {
                     seen.push_back(std::string(operation) + ' ' + messages.at(0).message);
                   }}).kv("ns");
  kv.erase("k");
  kv.erase("k");
  CHECK_THROWS_AS(kv.erase("k"), cf::Error);
  CHECK(seen == std::vector<std::string>{"kv.erase soon gone"});
}

TEST_CASE("debug logs hold neither the token nor keys nor values") {
  std::string log;
  const Scripted s({retry_after("1"), ok("null"), refused(400, 10011, "got secret-token for key-name")});
  const cf::ApiClient client(cf::ApiToken("secret-token"),
                             {.account_id = "acc",
                              .log =
                                  [&](const cf::LogRecord& r) {
                                    log += std::string(r.event) + ' ' + std::string(r.operation) + ' ' +
                                           std::string(r.method) + ' ' + std::string(r.error) + ' ' +
                                           std::string(r.ray_id) + ' ' + std::to_string(r.http_status) + '\n';
                                  },
                              .log_level = cf::LogLevel::debug,
                              .transport = s.fake,
                              .clock = s.fake->clock()});
  client.kv("ns").put("key-name", "the value");
  CHECK_THROWS_AS(client.kv("ns").put("key-name", "the value"), cf::Error);
  CHECK(log.find("retry kv.put PUT rate_limited") != std::string::npos);
  CHECK(log.find("failure kv.put PUT rejected") != std::string::npos);
  for (const char* secret : {"secret", "key-name", "the value"}) CHECK(log.find(secret) == std::string::npos);
}

TEST_CASE("a body that can be read once is sent once; one with a rewind is sent again whole") {
  for (const bool rewindable : {false, true}) {
    std::string_view rest = "bytes";
    const auto read = [&](std::span<char> to) {
      const std::size_t size = rest.copy(to.data(), std::min<std::size_t>(to.size(), 2));
      rest.remove_prefix(size);
      return size;
    };
    const Scripted s({cut(), ok("null")});
    const auto put = [&] {
      s.kv().put("k", rewindable ? cf::Body::callback(read, [&] { rest = "bytes"; }) : cf::Body::callback(read));
    };
    if (rewindable) {
      put();
      CHECK(s.fake->requests()[1].body == "bytes");
    } else {
      CHECK(error_of(put).outcome_unknown());
      CHECK(s.count() == 1);
    }
    CHECK(s.fake->requests()[0].body == "bytes");
  }
}
