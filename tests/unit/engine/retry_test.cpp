// What is sent again, how often and when, on a clock that jumps.

#include "engine/retry.hpp"

#include <thread>

#include "core_support.hpp"
#include "engine/budget.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::detail::may_repeat;
using cf::detail::parse_retry_after;
using cf::detail::pause_before_repeat;
using cf::detail::Repeat;

namespace {

cf::Error failure(cf::ErrorKind kind, cf::Delivery delivery = cf::Delivery::answered,
                  std::optional<std::chrono::seconds> retry_after = std::nullopt) {
  return cf::Error(cf::ErrorDetails{.kind = kind, .retry_after = retry_after, .delivery = delivery});
}

}  // namespace

TEST_CASE("the retry class decides what is repeated, not the HTTP method") {
  const auto unknown = cf::Delivery::unknown;
  const auto not_sent = cf::Delivery::not_sent;
  for (const Repeat repeat : {Repeat::read, Repeat::idempotent, Repeat::once}) {
    const bool safe = repeat != Repeat::once;
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::rate_limited)));
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::transport, not_sent)));
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::timeout, not_sent)));
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::transport, unknown)) == safe);
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::timeout, unknown)) == safe);
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::server, unknown)) == safe);
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::server)) == safe);  // it says that it was not executed
    CHECK_FALSE(may_repeat(repeat, cf::Error(cf::ErrorDetails{.kind = cf::ErrorKind::server, .http_status = 501})));
    CHECK(may_repeat(repeat, failure(cf::ErrorKind::overloaded)) == safe);
    for (const auto kind : {cf::ErrorKind::quota_exceeded, cf::ErrorKind::unauthorized, cf::ErrorKind::not_found,
                            cf::ErrorKind::rejected, cf::ErrorKind::decode, cf::ErrorKind::tls, cf::ErrorKind::callback,
                            cf::ErrorKind::challenge, cf::ErrorKind::cancelled})
      CHECK_FALSE(may_repeat(repeat, failure(kind)));
  }
}

TEST_CASE("pauses double up to a cap with full jitter, and never fall below what the server asks for") {
  const cf::detail::RetryLimits limits;
  const auto server = failure(cf::ErrorKind::server, cf::Delivery::unknown);
  CHECK(pause_before_repeat(limits, 1, server, 0.0) == 0ms);
  CHECK(pause_before_repeat(limits, 1, server, 1.0) == 500ms);
  CHECK(pause_before_repeat(limits, 3, server, 1.0) == 2000ms);
  CHECK(pause_before_repeat(limits, 9, server, 1.0) == 8000ms);
  CHECK(pause_before_repeat(limits, 1, failure(cf::ErrorKind::rate_limited), 0.0) == 1000ms);
  CHECK(pause_before_repeat(limits, 1, failure(cf::ErrorKind::rate_limited, cf::Delivery::answered, 7s), 0.5) ==
        7000ms);
  CHECK(pause_before_repeat(limits, 1, failure(cf::ErrorKind::overloaded), 0.0) >= 1000ms);
}

TEST_CASE("Retry-After is read in seconds, rounded up, and as a date against the reply's own date") {
  const std::chrono::sys_seconds wall(1'800'000'000s);
  CHECK(parse_retry_after({{"Retry-After", "7"}}, wall) == 7s);
  CHECK(parse_retry_after({{"retry-after", "0.2"}}, wall) == 1s);
  CHECK(parse_retry_after({{"Retry-After", "-5"}}, wall) == 0s);
  const cf::Header date{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"};
  CHECK(parse_retry_after({date, {"Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"}}, wall) == 30s);
  CHECK(parse_retry_after({date, {"Retry-After", "Sun, 06 Nov 1994 08:00:00 GMT"}}, wall) == 0s);
  CHECK_FALSE(parse_retry_after({{"Retry-After", "soon"}}, wall));
  CHECK_FALSE(parse_retry_after({}, wall));
}

TEST_CASE("a read is repeated after lost connections and 5xx, and says how often it was tried") {
  const Scripted good({cut(), refused(503, 0, "later"), no_connection(), {.body = "value"}});
  CHECK(good.kv().get("k") == "value");
  CHECK(good.count() == 4);

  const Scripted bad({cut(), cut(), cut(), cut()});
  const auto error = error_of([&] { (void)bad.kv().get("k"); });
  CHECK(error.attempts() == 4);
  CHECK_FALSE(error.outcome_unknown());
}

TEST_CASE("a request of the class once is not repeated when its outcome is unknown, and the error says so") {
  for (const FakeReply& reply : {cut(), refused(500, 0, "oops"), refused(502, 0, "bad gateway")}) {
    const Scripted s({reply});
    const auto error = error_of([&] { s.client().kv_namespaces().create("t"); });
    CHECK(error.outcome_unknown());
    CHECK(error.attempts() == 1);
    CHECK(s.count() == 1);
  }
  const Scripted s({no_connection(), refused(429, 971, "slow down"), ok(R"({"id":"n","title":"t"})")});
  CHECK(s.client().kv_namespaces().create("t").id == "n");  // neither was executed
  const Scripted safe({cut(), ok(R"({"id":"n","title":"t"})")});
  CHECK(safe.client().with({.replay_safe = true}).kv_namespaces().create("t").id == "n");
}

TEST_CASE("a 404 on a repeated removal is our own success; on the first it is an error") {
  const Scripted repeated({cut(), refused(404, 10013, "namespace not found")});
  CHECK_NOTHROW(repeated.client().kv_namespaces().remove("ns"));
  const Scripted throttled({refused(429, 971, "slow down"), refused(404, 10013, "namespace not found")});
  CHECK(error_of([&] { throttled.client().kv_namespaces().remove("ns"); }).kind() == cf::ErrorKind::not_found);
}

TEST_CASE("throttling is told by its code under any status, the daily quota is never repeated") {
  for (const int code : {971, 6100, 40041}) {
    const Scripted s({refused(400, code, "slow down"), {.body = "v"}});
    CHECK(s.kv().get("k") == "v");
  }
  const Scripted quota({refused(429, 10048, "daily limit")});
  CHECK(error_of([&] { quota.kv().put("k", "v"); }).kind() == cf::ErrorKind::quota_exceeded);
  CHECK(quota.count() == 1);
}

TEST_CASE("Retry-After above the caller's deadline fails at once with the wait in the error") {
  FakeReply reply = refused(429, 971, "slow down");
  reply.headers = {{"Retry-After", "3600"}};
  const Scripted s({reply});
  const auto begin = s.fake->clock()->now();
  const auto error = error_of([&] { (void)s.kv().get("k"); });
  CHECK(error.kind() == cf::ErrorKind::rate_limited);
  CHECK(error.retry_after() == 3600s);
  CHECK(s.fake->clock()->now() == begin);
}

TEST_CASE("one deadline covers a call with its attempts and pauses, and with() changes it") {
  FakeReply slow{.body = "v"};
  slow.after = 10min;
  const Scripted s({slow});
  const auto begin = s.fake->clock()->now();
  const auto error = error_of([&] { (void)s.kv().with({.timeout = 5s}).get("k"); });
  CHECK(error.kind() == cf::ErrorKind::timeout);
  CHECK(s.fake->clock()->now() - begin == 5s);
}

TEST_CASE("a stop token ends a call, and one triggered before lets no request out") {
  const Scripted s({{.body = "v"}});
  std::stop_source source;
  source.request_stop();
  CHECK(error_of([&] { (void)s.kv().with({.stop = source.get_token()}).get("k"); }).kind() == cf::ErrorKind::cancelled);
  CHECK(s.count() == 0);
}

TEST_CASE("the rate budget lets no window of five minutes hold more than 1200 requests") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return FakeReply{.body = "v"}; });
  const cf::KvNamespace kv = s.client({.timeout = 10min, .rate_budget = true}).kv("ns");
  for (int i = 0; i < 3000; ++i) (void)kv.get("k");
  const auto sent = s.fake->requests();
  for (std::size_t i = 1200; i < sent.size(); ++i)
    CHECK(sent[i].at - sent[i - 1200].at >= 302s);  // the guard for requests that hurry
  CHECK(sent.back().at - sent.front().at == 604s);  // and none of it is left unused
}

TEST_CASE("requests that leave slowly count in the rate budget until their own five minutes are over") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return FakeReply{.body = "v"}; });
  const cf::KvNamespace kv = s.client({.timeout = 10min, .rate_budget = true}).kv("ns");
  const auto begin = s.fake->clock()->now();
  for (int i = 0; i < 1200; ++i) {
    (void)kv.get("k");
    s.fake->clock()->advance(200ms);
  }
  CHECK(s.fake->clock()->now() - begin == 240s);
  for (int i = 0; i < 3; ++i) {
    (void)kv.get("k");
    CHECK(s.fake->requests().back().at - begin == 302s + i * 200ms);
  }
}

TEST_CASE("a call that the rate budget would hold beyond its deadline fails at once with the wait") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return FakeReply{.body = "v"}; });
  const cf::KvNamespace kv = s.client({.rate_budget = true}).kv("ns");
  for (int i = 0; i < 1200; ++i) (void)kv.get("k");
  const auto error = error_of([&] { (void)kv.get("k"); });
  CHECK(error.kind() == cf::ErrorKind::rate_limited);
  CHECK(error.retry_after() == 302s);
  CHECK(error.attempts() == 0);
  CHECK(s.count() == 1200);
}

TEST_CASE("clients of one credential share a budget, other credentials have their own") {
  const auto a = cf::detail::budget_of(1);
  CHECK(a == cf::detail::budget_of(1));
  CHECK(a != cf::detail::budget_of(2));
  const auto now = cf::Clock::time_point(1h);
  a->block(now + 30s);
  CHECK(a->left(now) == 0);
  CHECK(a->reserve(now, cf::Clock::time_point::max()) == now + 30s);
}

TEST_CASE("a paced request does not queue in the budget: it asks again when there may be room") {
  cf::detail::RateBudget budget;
  const cf::Clock::time_point start(1h);
  for (int i = 0; i < 1000; ++i) CHECK(budget.reserve(start, start, 1000) == start);
  const auto later = budget.reserve(start, start, 1000);
  CHECK(later == start + 302s);
  CHECK(budget.left(start) == 200);  // the reserve is free for others, and no paced request waits before them
  CHECK(budget.reserve(start + 1s, cf::Clock::time_point::max()) == start + 1s);
  CHECK(budget.reserve(later, later, 1000) == later);
}
