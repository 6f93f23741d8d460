// The outcomes that a bulk job tells of its items, and how it behaves when it is throttled.

#include <map>

#include "bulk_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::Outcome;
using cf::testing::SentRequest;
using nlohmann::json;

namespace {

FakeReply throttled(const char* retry_after = nullptr) {
  FakeReply reply = refused(429, 971, "slow down");
  if (retry_after != nullptr) reply.headers.push_back({"Retry-After", retry_after});
  return reply;
}

/// The outcomes of the items, each told once.
struct Told {
  std::map<std::uint64_t, Outcome> outcomes{};
  cf::BulkOptions options(cf::BulkOptions others = cf::BulkOptions()) {
    others.on_outcome = [this](const cf::ItemOutcome& item) {
      CHECK(item.name == "k" + std::to_string(item.index));
      CHECK((item.error == nullptr) == (item.outcome == Outcome::done));
      CHECK(outcomes.emplace(item.index, item.outcome).second);
    };
    return others;
  }
  [[nodiscard]] std::size_t count(Outcome outcome) const {
    std::size_t n = 0;
    for (const auto& [index, told] : outcomes) n += told == outcome ? 1 : 0;
    return n;
  }
};

}  // namespace

TEST_CASE("429 pauses the whole job: nothing leaves until the time that Retry-After names, then all goes on") {
  Scripted s;
  s.fake->answer_with([n = 0](const auto&) mutable {
    FakeReply reply = ++n == 3 ? throttled("20") : ok("null");
    reply.after = n == 3 ? 500ms : 1000ms;
    return reply;
  });
  const auto begin = s.fake->clock()->now();
  const auto done = s.kv().erase_many(numbered(40), {.in_flight = 4, .max_request_bytes = 12});
  CHECK(done.complete());
  CHECK(done.succeeded == 40);
  std::size_t before = 0;
  for (const auto& sent : s.fake->requests()) {
    const auto at = sent.at - begin;
    CHECK((at < 1s || at >= 20'500ms));
    before += at < 1s ? 1 : 0;
  }
  CHECK(before == 4);
  CHECK(done.requests == s.count());
}

TEST_CASE("replies to requests that left before a pause change nothing about it, be they 429 or not") {
  Scripted s;
  s.fake->answer_with([n = 0](const auto&) mutable {
    FakeReply reply = ++n == 1 || n == 3 ? throttled() : ok("null");
    reply.after = std::chrono::milliseconds(100 + n);
    return reply;
  });
  const auto begin = s.fake->clock()->now();
  const auto done = s.kv().erase_many(numbered(8), {.in_flight = 4, .max_request_bytes = 12});
  CHECK(done.complete());
  for (const auto& sent : s.fake->requests()) CHECK((sent.at == begin || sent.at - begin == 1103ms));
  CHECK(s.count() == 6);
}

TEST_CASE("throttling without Retry-After is waited out beyond five minutes; then the job ends with one outcome each") {
  Scripted s;
  s.fake->answer_with([clock = s.fake->clock(), begin = s.fake->clock()->now()](const auto&) {
    return clock->now() - begin < 5min ? throttled() : ok("null");
  });
  CHECK(s.kv().erase_many(numbered(3)).complete());
  CHECK(s.count() <= 12);

  Scripted never;
  never.fake->answer_with([](const auto&) { return throttled(); });
  CHECK(error_of([&] { (void)never.kv().erase_many(numbered(3)); }).kind() == cf::ErrorKind::rate_limited);
  CHECK(never.count() == 11);

  Scripted later;
  later.fake->answer_with([n = 0](const auto&) mutable { return ++n == 1 ? ok("null") : throttled(); });
  Told told;
  const auto done = later.kv().erase_many(numbered(9), told.options({.in_flight = 1, .max_request_bytes = 20}));
  REQUIRE(done.stopped);
  CHECK(done.stopped->kind() == cf::ErrorKind::rate_limited);
  CHECK(done.not_done > 0);
  CHECK(done.unknown == 0);
  CHECK(told.outcomes.size() == done.items);
}

TEST_CASE("a stop token ends a job that waits out a throttling, at once") {
  std::stop_source source;
  Scripted s;
  s.fake->answer_with([&](const auto&) { return throttled("3600"); });
  const auto begin = s.fake->clock()->now();
  const auto done = s.kv().with({.stop = source.get_token()}).erase_many(numbered(3), {.on_progress = [&](const auto&) {
                                                                           source.request_stop();
                                                                         }});
  REQUIRE(done.stopped);
  CHECK(s.fake->clock()->now() == begin);
  CHECK(done.not_done == 3);
  CHECK(done.unknown == 0);  // a throttled request was not executed
}

TEST_CASE("an item is unknown, not failed, once any request with it may have been executed") {
  // The first request is cut, its halves are refused: what they held may be stored all the same.
  Scripted s;
  s.fake->answer_with([n = 0](const auto&) mutable { return ++n == 1 ? cut() : refused(400, 10011, "no"); });
  const auto done = s.kv().erase_many(numbered(4), {.in_flight = 1, .max_request_bytes = 22});
  CHECK(done.items == 4);
  CHECK(done.not_done == 4);
  CHECK(done.unknown == 4);
  for (const auto& failure : done.failed) CHECK(failure.outcome() == Outcome::unknown);

  Scripted sure;
  sure.fake->answer_with([](const auto&) { return refused(400, 10011, "no"); });
  const auto refused_all = sure.kv().erase_many(numbered(4));
  CHECK(refused_all.unknown == 0);
  for (const auto& failure : refused_all.failed) CHECK(failure.outcome() == Outcome::failed);
}

TEST_CASE("a key left out by the server stays unknown if an earlier request with it was cut") {
  Scripted s;
  s.fake->answer_with([n = 0](const auto& request) mutable {
    if (++n == 1) return cut();
    json left_out = json::array();
    for (const auto& key : json::parse(request.body))
      if (key == "k1") left_out.push_back(key);
    return ok(json{{"unsuccessful_keys", left_out}}.dump());
  });
  const auto done = s.kv().erase_many(numbered(4), {.in_flight = 1});
  CHECK(done.succeeded == 3);
  REQUIRE(done.failed.size() == 1);
  CHECK(done.failed[0].name == "k1");
  CHECK(done.failed[0].outcome() == Outcome::unknown);
}

TEST_CASE("a stop token leaves in doubt only what was under way or cut before") {
  std::stop_source source;
  Scripted s;
  s.fake->answer_with([&, n = 0](const auto&) mutable {
    ++n;
    if (n == 1) return ok(R"({"unsuccessful_keys":["k1"]})");  // k1 waits to be sent again
    if (n == 2) source.request_stop();
    return ok("null");
  });
  Told told;
  const auto done = s.kv()
                        .with({.stop = source.get_token()})
                        .erase_many(numbered(100), told.options({.in_flight = 1, .max_request_bytes = 22}));
  REQUIRE(done.stopped);
  CHECK(told.outcomes.size() == done.items);
  CHECK(told.outcomes.at(0) == Outcome::done);
  CHECK(told.outcomes.at(1) == Outcome::failed);
  CHECK(told.outcomes.at(5) == Outcome::unknown);
  CHECK(told.count(Outcome::failed) + told.count(Outcome::unknown) == done.not_done);
  CHECK(told.count(Outcome::unknown) == done.unknown);
}

TEST_CASE("outcomes stream to a callback, each item once, and the result keeps no list") {
  Scripted s;
  s.fake->answer_with([](const auto& request) {
    if (items_in(request.body) > 3) return refused(524, 0, "timeout");
    return request.body.find("\"k7\"") == std::string::npos ? ok("null") : refused(400, 10011, "no");
  });
  Told told;
  auto keys = numbered(16);
  const auto done = s.kv().erase_many(keys, told.options());
  CHECK(done.failed.empty());
  CHECK_FALSE(done.complete());
  CHECK(done.items == 16);
  CHECK(told.outcomes.size() == 16);
  CHECK(told.count(Outcome::done) == done.succeeded);
  CHECK(told.count(Outcome::unknown) == 1);  // k7: refused, after a request with it had ended with 524
}

TEST_CASE("what an outcome callback throws reaches the caller, also while a stop token ends the job") {
  struct Mine {};
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("null"); });
  const cf::BulkOptions options{.on_outcome = [](const auto&) { throw Mine(); }};
  CHECK_THROWS_AS((void)s.kv().erase_many(numbered(3), options), Mine);
  std::stop_source source;
  source.request_stop();
  CHECK_THROWS_AS((void)s.kv().with({.stop = source.get_token()}).erase_many(numbered(3), options), Mine);
}

TEST_CASE("a bulk read tells outcomes too, and a value too large for a bulk read is read singly") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& r) {
    if (r.method == "GET") return r.url.ends_with("k1") ? FakeReply{.body = "large"} : refused(404, 10009, "not found");
    if (r.body.find("\"k1\"") != std::string::npos) return refused(413, 0, "reply above 25 MB");
    return ok(R"({"values":{"k0":"zero","k2":null}})");
  });
  Told told;
  const auto got = s.kv().get_many(numbered(3), {.on_outcome = told.options().on_outcome});
  CHECK(got.outcome.complete());
  CHECK(got.values.at(0)->value == "zero");
  CHECK(got.values.at(1)->value == "large");
  CHECK_FALSE(got.values.at(2));
  CHECK(told.count(Outcome::done) == 3);
}

TEST_CASE("a count of 10 000 keys in a reply fits") {
  Scripted s({ok(R"({"successful_key_count":10000,"unsuccessful_keys":[]})"),
              ok(R"({"successful_key_count":10000,"unsuccessful_keys":[]})")});
  const std::vector<std::string> keys = numbered(10'000);
  CHECK(s.kv().erase_bulk(keys).successful_key_count == 10'000);
  CHECK(s.kv().erase_many(keys).succeeded == 10'000);
}

TEST_CASE("jobs leave a share of the rate budget to other calls, which need not wait for them") {
  Scripted s;
  const auto client = s.client({.rate_budget = true});
  const auto kv = client.with({.budget_reserve = 0.5}).kv("ns");
  std::size_t jobs = 0;
  std::size_t others = 0;
  std::chrono::nanoseconds longest{0};
  s.fake->answer_with([&](const SentRequest& r) {
    (r.method == "GET" ? others : jobs) += 1;
    return r.method == "GET" ? FakeReply{.body = "v"} : ok("null");
  });
  const auto begin = s.fake->clock()->now();
  (void)kv.erase_many(numbered(900), {.max_request_bytes = 8, .on_progress = [&](const cf::BulkProgress&) {
                                        const auto before = s.fake->clock()->now();
                                        if (others < 500) (void)client.kv("ns").get("k");
                                        longest = std::max<std::chrono::nanoseconds>(longest,
                                                                                     s.fake->clock()->now() - before);
                                      }});
  CHECK(jobs == 900);
  CHECK(others == 500);
  CHECK(longest == 0s);
  std::size_t first_window = 0;
  for (const auto& sent : s.fake->requests()) first_window += sent.at - begin < 302s ? 1 : 0;
  CHECK(first_window <= 1200);
  CHECK(error_of([&] { (void)client.with({.budget_reserve = 1.5}); }).kind() == cf::ErrorKind::invalid_argument);
}
