// The packing flow: fewest requests, one outcome per item.

#include <deque>

#include "bulk_support.hpp"

using namespace core_tests;

namespace {

std::vector<std::pair<std::string, std::string>> pairs(int count, std::string_view value = "v") {
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < count; ++i) all.emplace_back("k" + std::to_string(i), value);
  return all;
}

}  // namespace

TEST_CASE("10 001 pairs make two requests; 10 000 make one") {
  for (const auto& [count, requests] : {std::pair{10'000, 1U}, {10'001, 2U}}) {
    Scripted s;
    s.fake->answer_with([](const auto&) { return stored(); });
    const auto done = s.kv().put_many(pairs(count));
    CHECK(done.complete());
    CHECK(done.succeeded == static_cast<std::uint64_t>(count));
    CHECK(done.requests == requests);
    CHECK(s.count() == requests);
  }
}

TEST_CASE("a batch is split by bytes though it has few pairs, and no more than in_flight are under way") {
  Scripted s;
  s.fake->answer_with([](const auto&) {
    FakeReply reply = stored();
    reply.after = std::chrono::milliseconds(50);
    return reply;
  });
  const auto done = s.kv().put_many(pairs(100, std::string(1000, 'x')), {.in_flight = 3, .max_request_bytes = 10'000});
  CHECK(done.complete());
  for (const auto& request : s.fake->requests()) CHECK(request.body.size() <= 10'000);
  CHECK(s.count() == 12);  // nine pairs of 1031 bytes fit 10 000
  CHECK(s.fake->most_in_flight() == 3);
}

TEST_CASE("keys in unsuccessful_keys are sent again, and are reported if they still fail") {
  Scripted s;
  s.fake->answer_with([](const auto& request) {
    const bool first = items_in(request.body) == 3;
    return ok(first ? R"({"successful_key_count":1,"unsuccessful_keys":["k1","k2"]})"
                    : R"({"successful_key_count":1,"unsuccessful_keys":["k2"]})");
  });
  const auto done = s.kv().put_many(pairs(3));
  CHECK(done.succeeded == 2);
  REQUIRE(done.failed.size() == 1);
  CHECK(done.failed[0].name == "k2");
  CHECK(done.failed[0].index == 2);
  CHECK(s.count() == 3);
}

TEST_CASE("413, 524 or a cut connection halve the batch and go on; the answer says what happened to each key") {
  for (const FakeReply& trouble : {refused(413, 0, "too large"), refused(524, 0, "timeout"), cut()}) {
    Scripted s;
    s.fake->answer_with([&](const auto& request) {
      if (request.body.find("\"k5\"") != std::string::npos && items_in(request.body) == 1)
        return refused(400, 10011, "no");
      return items_in(request.body) > 2 ? trouble : stored();
    });
    const auto done = s.kv().put_many(pairs(8));
    CHECK(done.items == 8);
    CHECK(done.succeeded == 8);  // k5 was in a request of two
    CHECK(s.count() == 7);       // 8, then 4 + 4, then 2 + 2 + 2 + 2
  }
}

TEST_CASE("a pair that breaks a limit is reported and the others are written") {
  Scripted s({stored()});
  auto entries = pairs(3);
  entries[1].first = "..";
  const auto done = s.kv().put_many(entries);
  CHECK(done.items == 3);
  CHECK(done.succeeded == 2);
  REQUIRE(done.failed.size() == 1);
  CHECK(done.failed[0].index == 1);
  CHECK(done.failed[0].error.kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("a refused credential ends the job at once: it throws if nothing was written") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return refused(403, 10000, "no"); });
  CHECK(error_of([&] { (void)s.kv().put_many(pairs(50'000), {.in_flight = 1}); }).kind() ==
        cf::ErrorKind::unauthorized);
  CHECK(s.count() == 1);
}

TEST_CASE("what a progress callback throws reaches the caller") {
  Scripted s({stored()});
  struct Stop {};
  CHECK_THROWS_AS(s.kv().put_many(pairs(2), {.on_progress = [](const auto&) { throw Stop(); }}), Stop);
}

TEST_CASE("bulk get of 101 keys makes two requests; missing keys are told apart from empty values") {
  Scripted s;
  s.fake->answer_with([](const auto& request) {
    const auto keys = nlohmann::json::parse(request.body)["keys"];
    nlohmann::json values;
    for (const auto& key : keys)
      values[key.template get<std::string>()] = key == "k7" ? nlohmann::json() : nlohmann::json("");
    return ok(nlohmann::json{{"values", values}}.dump());
  });
  std::vector<std::string> keys;
  for (int i = 0; i < 101; ++i) keys.push_back("k" + std::to_string(i));
  const auto got = s.kv().get_many(keys);
  CHECK(s.count() == 2);
  CHECK_FALSE(got.values[7]);
  CHECK(got.values[8]->value.empty());
  CHECK(got.outcome.complete());

  const Scripted none;
  CHECK(none.kv().get_many(std::vector<std::string>()).values.empty());
  CHECK(none.count() == 0);
}

TEST_CASE("a value that the bulk read may have decoded from bytes is read again by itself") {
  const Scripted s({ok("{\"values\":{\"k\":\"a\xEF\xBF\xBD\"}}"), {.body = "a\xFF"}});
  CHECK(s.kv().get_many(std::vector<std::string>{"k"}).values[0]->value == "a\xFF");
}

TEST_CASE("a stop token ends a bulk job with what was done and what was not") {
  std::stop_source source;
  Scripted s;
  s.fake->answer_with([&, n = 0](const auto&) mutable {
    if (++n == 2) source.request_stop();
    return stored();
  });
  const auto done = s.kv().with({.stop = source.get_token()}).put_many(pairs(40'000), {.in_flight = 1});
  REQUIRE(done.stopped);
  CHECK(done.stopped->kind() == cf::ErrorKind::cancelled);
  CHECK(done.succeeded == 10'000);
  CHECK(done.items == 30'000);  // a request was under way, the next one encoded
  CHECK(done.failed.size() == 20'000);
  CHECK(done.unknown == 10'000);
  CHECK(done.failed[0].error.outcome_unknown());
}
