// Vectorize by EdgeBase on the wire.

#include <mutex>

#include "../account/edgebase_support.hpp"

using namespace edgebase_tests;
using cf::ErrorKind;
using cf::vectorize::Vector;

namespace {

const std::string path = "https://edge.example/api/vectorize/docs";

FakeReply accepted(int count, const std::string& mutation = "m") {
  return bare(json{{"ok", true}, {"count", count}, {"mutationId", mutation}}.dump());
}

std::vector<Vector> numbered(int count) {
  std::vector<Vector> vectors;
  for (int i = 0; i < count; ++i) vectors.push_back({.id = "v" + std::to_string(i), .values = {1, 2}});
  return vectors;
}

void sent(const Server& s, const json& body) {
  CHECK(s.fake->problems().empty());
  REQUIRE(s.count() == 1);
  CHECK(s.fake->requests()[0].url == path);
  CHECK(s.fake->requests()[0].header("X-EdgeBase-Service-Key") == key);
  CHECK(s.body() == body);
}

}  // namespace

TEST_CASE("each action of Vectorize sends one JSON document with the documented fields") {
  {
    Server s{accepted(2, "m1")};
    const Vector with{.id = "b", .values = {0.5, 1}, .ns = "own", .metadata = {{"lang", "en"}}};
    CHECK(s.docs().upsert({Vector{.id = "a", .values = {1, 2}}, with}, {.ns = "default"}).id == "m1");
    const json a{{"id", "a"}, {"values", {1, 2}}};
    const json b{{"id", "b"}, {"values", {0.5, 1}}, {"namespace", "own"}, {"metadata", {{"lang", "en"}}}};
    sent(s, {{"action", "upsert"}, {"vectors", {a, b}}, {"namespace", "default"}});
  }
  {
    Server s{accepted(1)};
    s.docs().insert(numbered(1));
    sent(s, {{"action", "insert"}, {"vectors", json::array({json{{"id", "v0"}, {"values", {1, 2}}}})}});
  }
  {
    Server s{
        bare(R"({"matches":[{"id":"a","score":0.5,"values":[1,2],"metadata":{"y":1},"namespace":"n"}],"count":1})")};
    const std::vector<float> vector{0.5F, 0.25F};
    const auto found = s.docs().query(vector, {.top_k = 5,
                                               .ns = "n",
                                               .filter = cf::field("lang") == "en",
                                               .return_values = true,
                                               .return_metadata = cf::vectorize::ReturnMetadata::all});
    REQUIRE(found.size() == 1);
    CHECK(found.matches[0].values == std::vector<float>{1, 2});
    CHECK(found.matches[0].ns == "n");
    CHECK(found.count == 1);
    sent(s, {{"action", "search"},
             {"vector", {0.5, 0.25}},
             {"topK", 5},
             {"namespace", "n"},
             {"filter", {{"lang", "en"}}},
             {"returnValues", true},
             {"returnMetadata", "all"}});
  }
  {
    Server s{bare(R"({"matches":[],"count":0})")};
    CHECK(s.docs().query_by_id("a").empty());
    sent(s, {{"action", "queryById"}, {"vectorId", "a"}});
  }
  {
    Server s{bare(R"({"vectors":[{"id":"a","values":[1,2],"metadata":{"y":1},"namespace":"n"}]})")};
    const std::vector<std::string> ids{"a", "b"};
    const auto found = s.docs().get_by_ids(ids);
    REQUIRE(found.size() == 1);
    CHECK(found[0].ns == "n");
    sent(s, {{"action", "getByIds"}, {"ids", {"a", "b"}}});
  }
  {
    Server s{accepted(1)};
    const std::vector<std::string> ids{"a"};
    s.docs().erase_by_ids(ids);
    sent(s, {{"action", "delete"}, {"ids", json::array({"a"})}});
  }
  {
    Server s{bare(R"({"vectorCount":1500,"dimensions":384,"metric":"dot-product","processedUpToMutation":"m",)"
                  R"("processedUpToDatetime":"2026-01-02T03:04:05Z"})")};
    const auto info = s.docs().info();
    CHECK(info.vector_count == 1500);
    CHECK(info.dimensions == 384);
    CHECK(info.metric == cf::vectorize::Metric::dot_product);
    CHECK(info.processed_up_to_mutation == "m");
    CHECK(info.processed_up_to_datetime.has_value());
    sent(s, {{"action", "describe"}});
  }
}

TEST_CASE("query_many sends the search of one query for each vector") {
  Server s{bare(R"({"matches":[{"id":"a","score":1}],"count":1})"), bare(R"({"matches":[],"count":0})")};
  const std::vector<std::vector<float>> vectors{{0.5F, 1}, {2, 3}};
  const auto found = s.docs().query_many(vectors, {.top_k = 5}, {.in_flight = 1});
  CHECK(found.outcome.complete());
  REQUIRE(found.results.size() == 2);
  CHECK(found.results[0]->matches.at(0).id == "a");
  CHECK(found.results[1]->empty());
  REQUIRE(s.count() == 2);
  CHECK(json::parse(s.fake->requests()[1].body) == json{{"action", "search"}, {"vector", {2, 3}}, {"topK", 5}});
}

TEST_CASE("wait_for asks EdgeBase's describe until it names the mutation, and times out if it never says") {
  using namespace std::chrono_literals;
  Server s{accepted(1, "m7"), bare(R"({"vectorCount":0,"processedUpToMutation":"m6"})"),
           bare(R"({"vectorCount":1,"processedUpToMutation":"m7"})")};
  const auto done = s.docs().upsert_and_wait(numbered(1), 1min);
  CHECK(done.complete());
  REQUIRE(done.info);
  CHECK(done.info->vector_count == 1);
  REQUIRE(s.count() == 3);
  CHECK(json::parse(s.fake->requests()[2].body) == json{{"action", "describe"}});
  Server old{};
  old.fake->answer_with([](const auto&) { return bare(R"({"vectorCount":1,"dimensions":2})"); });
  CHECK(error_of([&] { (void)old.docs().wait_for(cf::vectorize::Mutation{.id = "m"}, 30s); }).kind() ==
        ErrorKind::timeout);
}

TEST_CASE("describe takes the time of the last mutation as text, or as a number of seconds or milliseconds") {
  using namespace std::chrono_literals;
  const auto time = [](const std::string& text) {
    Server s{bare(R"({"vectorCount":1,"processedUpToDatetime":)" + text + "}")};
    return s.docs().info().processed_up_to_datetime;
  };
  const std::chrono::sys_seconds expected(1'767'323'045s);
  CHECK(time(R"("2026-01-02T03:04:05Z")") == expected);
  CHECK(time("1767323045") == expected);
  CHECK(time("1767323045.5") == expected);
  CHECK(time("1767323045678") == expected);
  CHECK(time(R"("1767323045678")") == expected);
  CHECK(time("0") == std::chrono::sys_seconds());
  for (const char* none : {"null", "true", "{}", "[1]", "\"\"", "\"soon\"", "1e300", "-1e300"}) {
    INFO(none);
    CHECK_FALSE(time(none));
  }
}

TEST_CASE("a stub is an error of its own kind for every action; a `_stub` in metadata is not an error") {
  const auto stub = [](std::string_view rest) {
    return bare(R"({"_stub":true,"_warning":"Vectorize not available",)" + std::string(rest) + "}");
  };
  const std::vector<std::string> ids{"a"};
  const std::vector<float> vector{1, 2};
  const auto kind = [](auto call) {
    const auto error = error_of(call);
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("stub: Vectorize not available"));
    CHECK_FALSE(error.outcome_unknown());
    return error.kind();
  };
  const std::string stored = R"("ok":true,"count":0,"mutationId":null)";
  const std::string matches = R"("matches":[],"count":0)";
  CHECK(kind([&] { Server{stub(stored)}.docs().upsert(numbered(1)); }) == ErrorKind::stub);
  CHECK(kind([&] { Server{stub(stored)}.docs().insert(numbered(1)); }) == ErrorKind::stub);
  CHECK(kind([&] { Server{stub(stored)}.docs().erase_by_ids(ids); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)Server{stub(matches)}.docs().query(vector); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)Server{stub(matches)}.docs().query_by_id("a"); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)Server{stub(R"("vectors":[])")}.docs().get_by_ids(ids); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)Server{stub(R"("vectorCount":0)")}.docs().info(); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)Server{stub(stored)}.docs().upsert_many(numbered(1)); }) == ErrorKind::stub);

  Server meant{bare(R"({"vectors":[{"id":"a","values":[1],"metadata":{"_stub":true}}]})")};
  CHECK(meant.docs().get_by_ids(ids).size() == 1);
  CHECK(Server{bare(R"({"matches":[],"count":0,"_stub":false})")}.docs().query(vector).empty());
}

TEST_CASE("a count below what was sent is an error, for one request and within a job") {
  Server s{accepted(1)};
  const auto error = error_of([&] { s.docs().upsert(numbered(2)); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("1 of 2 vectors"));
  CHECK(error.outcome_unknown());
  Server job{accepted(20), accepted(3)};
  const auto done = job.docs().upsert_many(numbered(25), {.in_flight = 1});
  CHECK(done.succeeded == 20);
  REQUIRE(done.failed.size() == 5);
  CHECK_THAT(done.failed[0].error.what(), Catch::Matchers::ContainsSubstring("3 of 5 vectors"));
  // Erasing a missing id is not a failure, whatever the count.
  const std::vector<std::string> ids{"a", "b"};
  Server{accepted(0)}.docs().erase_by_ids(ids);
}

TEST_CASE("no request holds more than 20 vectors or ids: one call is refused, a job splits") {
  Server none;
  refuses(
      none, [&] { none.docs().upsert(numbered(21)); }, "20");
  const std::vector<std::string> ids(21, "a");
  refuses(
      none, [&] { (void)none.docs().get_by_ids(ids); }, "20");
  refuses(
      none, [&] { none.docs().erase_by_ids(ids); }, "20");
  refuses(
      none, [&] { none.docs().upsert(std::vector<Vector>()); }, "no vectors");
  refuses(
      none, [&] { none.docs(3).upsert(numbered(1)); }, "3 are needed");

  Server s;
  s.fake->answer_with([](const SentRequest& request) {
    const json body = json::parse(request.body);
    if (body.at("action") == "getByIds") {
      json vectors = json::array();
      for (const auto& id : body.at("ids"))
        if (id != "v7") vectors.push_back({{"id", id}, {"values", {1, 2}}});
      return bare(json{{"vectors", vectors}}.dump());
    }
    return accepted(static_cast<int>(body.at(body.contains("ids") ? "ids" : "vectors").size()));
  });
  const auto done = s.docs().insert_many(numbered(45), {.ns = "n"});
  CHECK(done.succeeded == 45);
  std::vector<std::string> all;
  for (int i = 0; i < 45; ++i) all.push_back("v" + std::to_string(i));
  const auto got = s.docs().get_many(all);
  REQUIRE(got.vectors.size() == 45);
  CHECK_FALSE(got.vectors[7]);
  CHECK(got.vectors[44]->id == "v44");
  CHECK(s.docs().erase_many(all).succeeded == 45);
  std::map<std::string, std::size_t> requests;
  for (std::size_t i = 0; i < s.count(); ++i) {
    const json body = s.body(i);
    ++requests[body.at("action")];
    CHECK(body.at(body.contains("ids") ? "ids" : "vectors").size() <= 20);
    if (body.at("action") == "insert") CHECK(body.at("namespace") == "n");
    CHECK(body.size() == (body.at("action") == "insert" ? 3 : 2));
  }
  CHECK(requests == std::map<std::string, std::size_t>{{"insert", 3}, {"getByIds", 3}, {"delete", 3}});
}

TEST_CASE("a 409 on a repeated insert means that the first attempt succeeded; any other 409 is a conflict") {
  const FakeReply taken = refusal(409, "duplicate id");
  Server repeated{cut(), taken};
  repeated.docs().insert(numbered(1));
  CHECK(repeated.count() == 2);
  Server many{cut(), taken};
  CHECK(many.docs().insert_many(numbered(2)).succeeded == 2);
  Server first{taken};
  CHECK(error_of([&] { first.docs().insert(numbered(1)); }).kind() == ErrorKind::conflict);
  Server unsent{no_connection(), taken};
  CHECK(error_of([&] { unsent.docs().insert(numbered(1)); }).kind() == ErrorKind::conflict);
  Server upsert{cut(), taken};
  CHECK(error_of([&] { upsert.docs().upsert(numbered(1)); }).kind() == ErrorKind::conflict);
}
