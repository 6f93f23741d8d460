// Any number of queries.

#include <array>
#include <list>
#include <map>
#include <stop_token>

#include "vectorize_support.hpp"

using namespace vectorize_tests;
using namespace std::chrono_literals;
namespace cv = cf::vectorize;

namespace {

using Floats = std::vector<float>;

/// A server that finds one vector, whose id is the first value of the query; negative values are refused.
void find_first_value(const Scripted& s) {
  s.fake->answer_with([](const SentRequest& request) {
    const int value = json::parse(request.body).at("vector").at(0).get<int>();
    if (value < 0) return refused(400, 40006, "dimensions");
    FakeReply reply = ok(json{{"count", 1}, {"matches", {{{"id", std::to_string(value)}, {"score", 1}}}}}.dump());
    reply.after = std::chrono::milliseconds(100 - value);  // later questions are answered first
    return reply;
  });
}

std::vector<Floats> queries(int count) {
  std::vector<Floats> all;
  for (int i = 0; i < count; ++i) all.push_back({static_cast<float>(i), 1});
  return all;
}

}  // namespace

TEST_CASE("query_many sends one query for each vector, several at once, and gives the results in their order") {
  const Scripted s;
  find_first_value(s);
  const cv::QueryManyResult found = index_of(s, 2).query_many(
      queries(10), {.top_k = 3, .ns = "n", .filter = cf::field("year") >= 2020}, {.in_flight = 3});
  CHECK(found.outcome.complete());
  CHECK(found.outcome.requests == 10);
  CHECK(s.fake->most_in_flight() == 3);
  REQUIRE(found.results.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    REQUIRE(found.results[i]);
    CHECK(found.results[i]->matches.at(0).id == std::to_string(i));
  }
  const Scripted one;
  find_first_value(one);
  (void)index_of(one).query(Floats{0, 1}, {.top_k = 3, .ns = "n", .filter = cf::field("year") >= 2020});
  CHECK(s.fake->requests()[0].url == one.fake->requests()[0].url);
  CHECK(body(s) == body(one));
  CHECK(type(s) == "application/json");
}

TEST_CASE("a query that breaks a rule or is refused is reported with its position; the others have their results") {
  const Scripted s;
  find_first_value(s);
  auto asked = queries(5);
  asked[1] = {1, 2, 3};
  asked[2][0] = -1;
  asked[3][1] = std::numeric_limits<float>::infinity();
  const auto found = index_of(s, 2).query_many(asked);
  CHECK(s.count() == 3);
  REQUIRE(found.results.size() == 5);
  CHECK((found.results[0] && !found.results[1] && !found.results[2] && !found.results[3] && found.results[4]));
  CHECK(found.results[4]->matches.at(0).id == "4");
  std::map<std::uint64_t, cf::ErrorKind> failed;
  for (const auto& failure : found.outcome.failed) failed.emplace(failure.index, failure.error.kind());
  CHECK(failed == std::map<std::uint64_t, cf::ErrorKind>{{1, cf::ErrorKind::invalid_argument},
                                                         {2, cf::ErrorKind::rejected},
                                                         {3, cf::ErrorKind::invalid_argument}});
  CHECK(found.outcome.succeeded == 2);
}

TEST_CASE("options that are not allowed are refused before the first query, and no vectors make no request") {
  const Scripted s;
  refuses(
      s, [&] { (void)index_of(s).query_many(queries(2), {.top_k = 101}); }, "top_k is 101");
  refuses(
      s, [&] { (void)index_of(s).query_many(queries(2), {.ns = std::string(65, 'n')}); }, "namespace has 65 bytes");
  const auto none = index_of(s).query_many(std::vector<Floats>());
  CHECK(none.outcome.complete());
  CHECK(none.results.empty());
  CHECK(s.count() == 0);
}

TEST_CASE("a query of many is repeated like any read, and throttling pauses all") {
  const Scripted s({refused(503, 0, "busy"), cut()});
  find_first_value(s);
  CHECK(index_of(s).query_many(queries(1)).outcome.requests == 3);
  FakeReply throttled = refused(429, 0, "slow down");
  throttled.headers.push_back({"Retry-After", "7"});
  const Scripted slow({throttled});
  find_first_value(slow);
  const auto begin = slow.fake->clock()->now();
  CHECK(index_of(slow).query_many(queries(2), {}, {.in_flight = 1}).outcome.complete());
  CHECK(slow.fake->clock()->now() - begin >= 7s);
  CHECK(slow.count() == 3);
}

TEST_CASE("a missing index ends all queries; a stop token leaves the results so far") {
  const Scripted gone;
  gone.fake->answer_with([](const auto&) { return refused(404, 3000, "not found"); });
  CHECK(error_of([&] { (void)index_of(gone).query_many(queries(9), {}, {.in_flight = 1}); }).kind() ==
        cf::ErrorKind::not_found);
  CHECK(gone.count() == 1);
  std::stop_source source;
  const Scripted s;
  s.fake->answer_with([&, n = 0](const auto&) mutable {
    if (++n == 2) source.request_stop();
    return ok(R"({"count":0,"matches":[]})");
  });
  const auto found = index_of(s).with({.stop = source.get_token()}).query_many(queries(9), {}, {.in_flight = 1});
  REQUIRE(found.outcome.stopped);
  CHECK(found.outcome.stopped->kind() == cf::ErrorKind::cancelled);
  CHECK(found.outcome.succeeded == 1);
  CHECK(found.results.at(0));
}

TEST_CASE("query_many hands results over one by one, and takes arrays and spans") {
  const Scripted s;
  find_first_value(s);
  std::map<std::uint64_t, std::string> seen;
  const auto note = [&](std::uint64_t index, cv::QueryResult&& result) { seen[index] = result.matches.at(0).id; };
  const auto index = index_of(s);
  CHECK(index.query_many(queries(3), {}, {.on_result = note}).results.empty());
  CHECK(seen == std::map<std::uint64_t, std::string>{{0, "0"}, {1, "1"}, {2, "2"}});
  const std::list<std::array<float, 2>> arrays{{5, 1}, {6, 1}};
  CHECK(index.query_many(arrays).results.at(1)->matches.at(0).id == "6");
  const Floats rows{7, 1, 8, 1};
  const std::vector<std::span<const float>> spans{std::span(rows).subspan(0, 2), std::span(rows).subspan(2, 2)};
  CHECK(index.query_many(spans).results.at(1)->matches.at(0).id == "8");
}
