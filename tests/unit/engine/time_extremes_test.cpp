// Dates and durations at their extremes: they saturate.

#include <cloudflare/vectorize.hpp>

#include <array>

#include "base/encode.hpp"
#include "core_support.hpp"
#include "engine/budget.hpp"
#include "engine/retry.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::sys_seconds;

namespace {

FakeReply busy(const char* retry_after) {
  FakeReply reply = refused(429, 971, "slow down");
  reply.headers = {{"Retry-After", retry_after}};
  return reply;
}
FakeReply later(milliseconds time, FakeReply reply) {
  reply.after = time;
  return reply;
}

constexpr sys_seconds furthest = sys_seconds::max();
constexpr sys_seconds earliest = sys_seconds::min();

}  // namespace

TEST_CASE("a Retry-After in the year 9999 is beyond any deadline: the call fails at once, and nothing is repeated") {
  for (const char* date : {"Fri, 31 Dec 9999 23:59:59 GMT", "999999999999999999999"}) {
    INFO(date);
    Scripted s;
    s.fake->answer_with([&](const auto&) { return busy(date); });
    const auto error = error_of([&] { (void)s.kv().get("k"); });
    CHECK(error.kind() == ErrorKind::rate_limited);
    CHECK(error.retry_after() >= std::chrono::hours(24));
    CHECK(s.count() == 1);
  }
}

TEST_CASE("a time limit of milliseconds::max() is no limit") {
  const Scripted s({later(72h, {.body = "v"}), cut(), {.body = "w"}});
  const auto kv = s.client({.timeout = milliseconds::max()}).kv("ns");
  CHECK(kv.get("k") == "v");
  CHECK(kv.with({.timeout = milliseconds::max()}).get("k") == "w");
  CHECK(s.fake->problems().empty());
}

TEST_CASE("backoff and pauses saturate") {
  const cf::detail::RetryLimits endless{
      .max_attempts = 100, .backoff_base = milliseconds::max(), .backoff_cap = milliseconds::max()};
  const cf::Error lost(cf::ErrorDetails{.kind = ErrorKind::transport, .delivery = cf::Delivery::unknown});
  const cf::Error overloaded(cf::ErrorDetails{.kind = ErrorKind::overloaded});
  const cf::Error far(cf::ErrorDetails{.kind = ErrorKind::rate_limited, .retry_after = std::chrono::seconds::max()});
  for (int attempt = 1; attempt < 70; ++attempt)
    for (const cf::Error& error : {lost, overloaded})
      CHECK(cf::detail::pause_before_repeat(endless, attempt, error, 0.999) >= std::chrono::hours(24 * 365));
  CHECK(cf::detail::pause_before_repeat({}, 1, far, 0.5) >= std::chrono::hours(24 * 365));
}

TEST_CASE("a date that a server names far away is a wait of zero or of very long") {
  const std::vector<cf::Header> far{{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}};
  CHECK(cf::detail::parse_retry_after(far, furthest) == 0s);
  CHECK(cf::detail::parse_retry_after(far, earliest) >= std::chrono::hours(24 * 365));
}

TEST_CASE("the rate budget holds back to the end of time without an overflow") {
  cf::detail::RateBudget budget;
  using Point = cf::detail::RateBudget::time_point;
  const Point now(1h);
  budget.block(Point::max());
  CHECK(budget.reserve(now, now + 1h) == Point::max());
  CHECK(budget.left(now) == 0);
  cf::detail::RateBudget used;
  CHECK(used.reserve(Point::max() - 1s, Point::max()) == Point::max() - 1s);
  CHECK(used.left(now) == 1199);
}

TEST_CASE("times are written in RFC 3339 far outside the years that nanoseconds hold, and saturate at 0000 and 9999") {
  using cf::detail::format_rfc3339;
  const auto back = [](const char* text) { return format_rfc3339(*cf::detail::parse_rfc3339(text)); };
  for (const char* text : {"0001-01-01T00:00:00Z", "1600-02-29T12:00:00Z", "2262-04-12T00:00:00Z",
                           "2300-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"})
    CHECK(back(text) == text);
  CHECK(format_rfc3339(furthest) == "9999-12-31T23:59:59Z");
  CHECK(format_rfc3339(earliest) == "0000-01-01T00:00:00Z");
}

TEST_CASE("an expiration or ttl at its extreme is sent as it is, or refused, without an overflow") {
  const Scripted s({ok("null"), ok("null")});
  s.kv().put("k", "v", {.expiration = furthest});
  s.kv().put("k", "v", {.ttl = std::chrono::seconds::max()});
  CHECK(error_of([&] { s.kv().put("k", "v", {.expiration = earliest}); }).kind() == ErrorKind::invalid_argument);
  CHECK(error_of([&] { s.kv().put("k", "v", {.ttl = std::chrono::seconds::min()}); }).kind() ==
        ErrorKind::invalid_argument);
  const auto sent = s.fake->requests();
  CHECK_THAT(sent[0].url, Catch::Matchers::EndsWith("expiration=9223372036854775807"));
  CHECK_THAT(sent[1].url, Catch::Matchers::EndsWith("expiration_ttl=9223372036854775807"));
}

TEST_CASE("wait_for takes any time limit, negative and endless ones") {
  const cf::vectorize::Mutation mutation{.id = "m"};
  const std::string done = R"({"processedUpToMutation":"m"})";
  const Scripted s({ok("{}"), ok(done)});
  CHECK(s.client().vectorize("docs").wait_for(mutation, milliseconds::max()).processed_up_to_mutation == "m");
  Scripted never;
  never.fake->answer_with([](const auto&) { return ok("{}"); });
  for (const milliseconds limit : {milliseconds(0), milliseconds(-1), milliseconds::min()})
    CHECK(error_of([&] { (void)never.client().vectorize("docs").wait_for(mutation, limit); }).kind() ==
          ErrorKind::timeout);
}

TEST_CASE("a time of day that jumps at each request changes no pause, no deadline and no number of attempts") {
  const Scripted s;
  const auto clock = s.fake->clock();
  const sys_seconds begin = clock->wall();
  s.fake->answer_with([&, asked = std::size_t{0}](const auto&) mutable {
    constexpr std::array jumps{-std::chrono::hours(10), std::chrono::hours(24 * 365 * 10), std::chrono::hours(0)};
    clock->set_wall(asked % 4 == 3 ? furthest : begin + jumps[asked % 4]);
    ++asked;
    return cut();
  });
  const auto failed_after = [&](cf::ClientOptions options, int attempts) {
    const auto start = clock->now();
    const auto error = error_of([&] { (void)s.client(options).kv("ns").get("k"); });
    CHECK((attempts == 0 || error.attempts() == attempts));
    return clock->now() - start;
  };
  CHECK(failed_after({.timeout = 1h, .max_attempts = 5}, 5) <= 500ms + 1s + 2s + 4s);
  CHECK(failed_after({.timeout = 20s, .max_attempts = 1000}, 0) <= 20s);
  const auto start = clock->now();
  CHECK(error_of([&] { (void)s.client().vectorize("docs").wait_for({.id = "m"}, 60s); }).kind() != ErrorKind::decode);
  CHECK(clock->now() - start <= 61s);
}

TEST_CASE("the time of day of a FakeClock is set without a change of its monotonic time, and goes on from there") {
  cf::testing::FakeClock clock;
  clock.advance(90s);
  const auto now = clock.now();
  for (const sys_seconds wall : {sys_seconds(5s), sys_seconds(2'000'000'000s)}) {
    clock.set_wall(wall);
    CHECK(clock.wall() == wall);
    CHECK(clock.now() == now);
  }
  clock.advance(10s);
  CHECK(clock.wall() == sys_seconds(2'000'000'010s));
}

TEST_CASE("a FakeClock that is advanced by the longest duration stays at its largest time") {
  cf::testing::FakeClock clock;
  clock.advance(milliseconds::max());
  clock.advance(milliseconds::max());
  CHECK(clock.now() == cf::Clock::time_point::max());
  CHECK(clock.wall() > sys_seconds(1'800'000'000s));
  CHECK(cf::testing::FakeClock(furthest).wall() == furthest);
}
