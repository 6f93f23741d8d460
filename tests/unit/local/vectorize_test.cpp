// Vectorize of the embedded store: indexes, vectors, queries, lists, and mutations that take time.
#include <cmath>

#include "local_vectorize_support.hpp"

using namespace cloudflare_tests;

namespace {

const auto& indexes = LocalVectorize::indexes;

std::string mutation_of(const Answer& answer) { return answer.result().at("mutationId").get<std::string>(); }

}  // namespace

TEST_CASE("embedded vectorize: an index is created, listed, read and removed; its name is free again") {
  LocalApi api;
  LocalVectorize index(api, 3, "dot-product", "first-index");
  const Json created = index.get().result();
  CHECK(created.at("name") == "first-index");
  CHECK(created.at("description") == "");
  CHECK(created.at("created_on").get<std::string>().ends_with("Z"));
  CHECK(created.at("config") == Json({{"dimensions", 3}, {"metric", "dot-product"}}));
  CHECK(api.account("GET", indexes).result() == Json::array({created}));
  CHECK(index.info() == Json({{"dimensions", 3}, {"vectorCount", 0}}));  // no mutation yet: the fields are absent

  const Answer taken = LocalVectorize::create(api, "first-index", {{"dimensions", 3}, {"metric", "cosine"}});
  CHECK(taken.status == 400);
  CHECK(taken.code() == 3002);
  (void)index.upsert({vector_of("a", {1, 2, 3})}).result();
  CHECK(api.account("DELETE", index.path).result().is_null());
  CHECK(index.get().code() == 3005);
  CHECK(index.upload("/upsert", lines_of({vector_of("a", {1, 2, 3})})).code() == 3005);
  CHECK(api.account("DELETE", index.path).code() == 3005);
  CHECK(api.account("GET", indexes + "/other").code() == 3000);
  CHECK(api.account("GET", indexes).result().empty());

  const LocalVectorize again(api, 2, "cosine", "first-index");
  CHECK(index.info() == Json({{"dimensions", 2}, {"vectorCount", 0}}));
}

TEST_CASE("embedded vectorize: presets know their dimensions; names, dimensions and metrics out of form are refused") {
  LocalApi api;
  CHECK(LocalVectorize::create(api, "preset", {{"preset", "@cf/baai/bge-base-en-v1.5"}}).result().at("config") ==
        Json({{"dimensions", 768}, {"metric", "cosine"}}));
  const Json good = {{"dimensions", 1536}, {"metric", "euclidean"}};
  CHECK(LocalVectorize::create(api, std::string(64, 'a'), good).status == 200);
  for (const std::string& name : {std::string(65, 'a'), std::string("a"), std::string("Upper"), std::string("1a"),
                                  std::string("end-"), std::string("a b"), std::string()}) {
    INFO(name);
    CHECK(LocalVectorize::create(api, name, good).code() == 40026);
  }
  for (const Json& config :
       {Json({{"dimensions", 0}, {"metric", "cosine"}}), Json({{"dimensions", 1537}, {"metric", "cosine"}}),
        Json({{"dimensions", 1.5}, {"metric", "cosine"}}), Json({{"dimensions", 3}, {"metric", "dot"}}),
        Json({{"dimensions", 3}}), Json({{"preset", "unknown"}}), Json(3)}) {
    INFO(config.dump());
    CHECK(LocalVectorize::create(api, "name", config).code() == 40026);
  }
  // The body must be declared as JSON.
  const Answer undeclared =
      api.account("POST", indexes, R"({"name":"name","config":{"dimensions":2,"metric":"cosine"}})");
  CHECK(undeclared.code() == 40026);
}

TEST_CASE("embedded vectorize: insert leaves what is there, upsert replaces it whole, delete_by_ids erases") {
  LocalApi api;
  LocalVectorize index(api);
  (void)index.upsert({vector_of("a", {1, 0}, "ns", {{"k", 1}}), vector_of("b", {0, 1})}).result();
  (void)index.insert({vector_of("a", {9, 9}), vector_of("c", {1, 1}), vector_of("c", {2, 2})}).result();
  CHECK(index.count() == 3);
  CHECK(index.vectors({"c", "nobody", "a", "c"}) ==
        Json::array({vector_of("c", {1.0, 1.0}), vector_of("a", {1.0, 0.0}, "ns", {{"k", 1}})}));
  (void)index.upsert({vector_of("a", {5, 6})}).result();
  CHECK(index.vectors({"a"}) == Json::array({vector_of("a", {5.0, 6.0})}));
  (void)index.erase({"a", "c", "nobody"}).result();
  CHECK(index.count() == 1);
  CHECK(index.vectors({"a", "b", "c"}) == Json::array({vector_of("b", {0.0, 1.0})}));
  CHECK(LocalVectorize::ids_of(index.query({{"vector", {1, 0}}})) == "b");
}

TEST_CASE("embedded vectorize: values are float32 and read back to the same bits") {
  LocalApi api;
  LocalVectorize index(api, 4);
  (void)index.upload("/upsert", "{\"id\":\"a\",\"values\":[0.1,-3.4028234663852886e38,1e-45,16777217]}").result();
  const std::vector<float> sent{0.1F, -3.4028234663852886e38F, 1e-45F, 16777216.0F};
  const Answer answer = index.post("/get_by_ids", {{"ids", {"a"}}});
  CHECK(answer.result().at(0).at("values").get<std::vector<float>>() == sent);
  CHECK(answer.body.find("[0.1,-3.4028235e+38,1e-45,16777216]") != std::string::npos);
}

TEST_CASE("embedded vectorize: scores are the cosine, the distance and the negated dot product, the nearest first") {
  const auto scores = [](const std::string& metric) {
    LocalApi api;
    LocalVectorize index(api, 2, metric);
    (void)index.upsert({vector_of("near", {3, 4}), vector_of("far", {-3, -4}), vector_of("aside", {-4, 3})}).result();
    std::vector<std::pair<std::string, double>> found;
    for (const Json& match : index.query({{"vector", {6, 8}}}))
      found.emplace_back(match.at("id").get<std::string>(), match.at("score").get<double>());
    return found;
  };
  using Scores = std::vector<std::pair<std::string, double>>;
  CHECK(scores("cosine") == Scores{{"near", 1}, {"aside", 0}, {"far", -1}});
  CHECK(scores("euclidean") == Scores{{"near", 5}, {"aside", std::sqrt(125.0)}, {"far", 15}});
  CHECK(scores("dot-product") == Scores{{"near", -50}, {"aside", 0}, {"far", 50}});
}

TEST_CASE("embedded vectorize: what an erasure moves keeps its values, norm, namespace and metadata") {
  LocalApi api;
  LocalVectorize index(api);
  (void)index.add_metadata_index("n", "number").result();
  (void)index
      .upsert(
          {vector_of("a", {100, 0}, "x", {{"n", 1}}), vector_of("b", {0, 2}), vector_of("c", {3, 4}, "y", {{"n", 3}})})
      .result();
  (void)index.erase({"a"}).result();
  const Json matches = index.query({{"vector", {3, 4}}, {"returnValues", true}, {"returnMetadata", "indexed"}});
  REQUIRE(matches.size() == 2);
  CHECK(matches.at(0) ==
        Json({{"id", "c"}, {"score", 1.0}, {"values", {3.0, 4.0}}, {"metadata", {{"n", 3}}}, {"namespace", "y"}}));
}

TEST_CASE("embedded vectorize: a sum that exceeds float32 on its way still ranks correctly") {
  LocalApi api;
  LocalVectorize index(api, 16, "dot-product");
  std::vector<double> query(16, 1e19);
  std::vector<double> far(16, -3e18);
  far[0] = 4e19;  // the first product alone is beyond float32
  std::vector<double> near(16, 0);
  near[0] = 1e19;
  (void)index.upsert({vector_of("far", far), vector_of("near", near)}).result();
  const Json matches = index.query({{"vector", query}, {"topK", 1}});
  REQUIRE(matches.size() == 1);
  CHECK(matches.at(0).at("id") == "near");
}

TEST_CASE("embedded vectorize: a query by a stored id, in a namespace, with values and metadata") {
  LocalApi api;
  LocalVectorize index(api);
  (void)index.add_metadata_index("lang", "string").result();
  const Json metadata = {{"lang", "en"}, {"deep", {{"n", 1}}}};
  (void)index
      .upsert({vector_of("a", {1, 0}, "x", metadata), vector_of("b", {1, 1}, "y"), vector_of("c", {0, 1}, "x"),
               vector_of("d", {0, 1})})
      .result();
  const Json by_id = index.query({{"vectorId", "a"}});
  CHECK(LocalVectorize::ids_of(by_id) == "a b c d");
  CHECK(by_id.at(0) == Json({{"id", "a"}, {"score", 1.0}, {"namespace", "x"}}));
  CHECK(LocalVectorize::ids_of(index.query({{"vectorId", "b"}, {"namespace", "x"}})) == "a c");
  CHECK(index.query({{"vector", {1, 0}}, {"namespace", "unknown"}}).empty());

  const Json all = index.query({{"vector", {1, 0}}, {"returnValues", true}, {"returnMetadata", "all"}, {"topK", 1}});
  CHECK(
      all ==
      Json::array({{{"id", "a"}, {"score", 1.0}, {"values", {1.0, 0.0}}, {"metadata", metadata}, {"namespace", "x"}}}));
  const Json indexed = index.query({{"vector", {1, 0}}, {"returnMetadata", "indexed"}, {"topK", 2}});
  CHECK(indexed.at(0).at("metadata") == Json({{"lang", "en"}}));
  CHECK_FALSE(indexed.at(1).contains("metadata"));
  CHECK_FALSE(index.query({{"vector", {1, 0}}, {"returnMetadata", "none"}}).at(0).contains("metadata"));
  CHECK(index.query({{"vector", {1, 0}}, {"topK", 2}}).size() == 2);

  CHECK(index.post("/query", {{"vectorId", "nobody"}}).code() == 40026);
  CHECK(index.post("/query", {{"vectorId", std::string(65, 'x')}}).code() == 40008);
  CHECK(index.post("/query", {{"vector", {1, 0}}, {"vectorId", "a"}}).code() == 40026);
  CHECK(index.post("/query", Json::object()).code() == 40026);
}

TEST_CASE("embedded vectorize: topK is at most 100, or 50 with values or all metadata; five by default") {
  LocalApi api;
  LocalVectorize index(api);
  std::vector<Json> vectors;
  for (int i = 0; i < 120; ++i) vectors.push_back(vector_of("v" + std::to_string(i), {1, i}));
  (void)index.upsert(vectors).result();
  const auto query = [&](Json options) {
    options["vector"] = {1, 0};
    return index.post("/query", options);
  };
  CHECK(query({}).result().at("count") == 5);
  CHECK(query({{"topK", 100}}).result().at("matches").size() == 100);
  CHECK(query({{"topK", 100}, {"returnMetadata", "indexed"}}).result().at("count") == 100);
  CHECK(query({{"topK", 50}, {"returnValues", true}, {"returnMetadata", "all"}}).result().at("count") == 50);
  for (const Json& options :
       {Json({{"topK", 101}}), Json({{"topK", 0}}), Json({{"topK", 1.5}}), Json({{"topK", -1}}),
        Json({{"topK", 51}, {"returnValues", true}}), Json({{"topK", 51}, {"returnMetadata", "all"}})}) {
    INFO(options.dump());
    CHECK(query(options).code() == 40025);
  }
  CHECK(query({{"topK", "5"}}).code() == 40026);
  CHECK(query({{"returnMetadata", true}}).code() == 40026);
  CHECK(query({{"returnMetadata", "some"}}).code() == 40026);
  CHECK(query({{"returnValues", "yes"}}).code() == 40026);
  CHECK(query({{"namespace", ""}}).code() == 40026);
  CHECK(query({{"namespace", std::string(65, 'n')}}).code() == 40026);
}

TEST_CASE("embedded vectorize: a query vector of the wrong length is 40006, one that is not float32 numbers 40026") {
  LocalApi api;
  LocalVectorize index(api, 3);
  const Answer shorter = index.post("/query", {{"vector", {1, 2}}});
  CHECK(shorter.status == 400);
  CHECK(shorter.code() == 40006);
  CHECK(shorter.message().find("expected 3 dimensions, and got 2") != std::string::npos);
  CHECK(index.post("/query", {{"vector", {1, 2, 3, 4}}}).code() == 40006);
  CHECK(index.post("/query", {{"vector", {1, 2, 1e39}}}).code() == 40026);
  CHECK(index.post("/query", {{"vector", {1, 2, "3"}}}).code() == 40026);
  CHECK(index.post("/query", {{"vector", "1,2,3"}}).code() == 40026);
  CHECK(index.upload("/query", R"({"vector":[1,2,3]})").code() == 40026);  // declared as ndjson
  CHECK(index.upload("/query", "{\"vector\":", "application/json").code() == 40026);
  CHECK(index.upload("/query", R"({"vector":[1,2,3]})", "Application/JSON; charset=utf-8").status == 200);
}

TEST_CASE("embedded vectorize: reads take at most 20 ids and erasures 100, each at most 64 bytes") {
  LocalApi api;
  LocalVectorize index(api);
  const auto ids = [](int count) {
    Json list = Json::array();
    for (int i = 0; i < count; ++i) list.push_back("v" + std::to_string(i));
    return list;
  };
  CHECK(index.post("/get_by_ids", {{"ids", ids(20)}}).status == 200);
  CHECK(index.post("/get_by_ids", {{"ids", ids(21)}}).code() == 40007);
  CHECK(index.erase(ids(100)).status == 200);
  CHECK(index.erase(ids(101)).code() == 40007);
  for (const std::string route : {"/get_by_ids", "/delete_by_ids"}) {
    CHECK(index.post(route, {{"ids", {std::string(65, 'x')}}}).code() == 40008);
    CHECK(index.post(route, {{"ids", Json::array()}}).code() == 40026);
    CHECK(index.post(route, {{"ids", {1}}}).code() == 40026);
    CHECK(index.post(route, {{"ids", {""}}}).code() == 40026);
    CHECK(index.post(route, Json::object()).code() == 40026);
  }
}

TEST_CASE("embedded vectorize: a list is a snapshot walked by cursors, which expire") {
  LocalApi api;
  LocalVectorize index(api);
  std::vector<Json> vectors;
  for (int i = 0; i < 250; ++i) vectors.push_back(vector_of("v" + std::to_string(1000 + i), {1, i}));
  (void)index.upsert(vectors).result();
  const Json first = index.get("/list").result();
  CHECK(first.at("count") == 100);
  CHECK(first.at("totalCount") == 250);
  CHECK(first.at("isTruncated") == true);
  CHECK(first.at("vectors").at(0) == Json({{"id", "v1000"}}));
  CHECK(first.at("cursorExpirationTimestamp").get<std::string>().ends_with("Z"));
  const std::string cursor = first.at("nextCursor").get<std::string>();

  // Later changes do not show.
  (void)index.erase({"v1150"}).result();
  (void)index.upsert({vector_of("v0", {1, 1})}).result();
  const Json second = index.get("/list?count=140&cursor=" + encoded(cursor)).result();
  CHECK(second.at("count") == 140);
  CHECK(second.at("vectors").at(50).at("id") == "v1150");
  const Json last =
      index.get("/list?count=1000&cursor=" + encoded(second.at("nextCursor").get<std::string>())).result();
  CHECK(last.at("count") == 10);
  CHECK(last.at("isTruncated") == false);
  CHECK(last.at("nextCursor").is_null());
  CHECK(last.at("vectors").at(9).at("id") == "v1249");
  CHECK(index.get("/list?count=1000").result().at("vectors").at(0).at("id") == "v0");

  CHECK(index.get("/list?count=0").code() == 40026);
  CHECK(index.get("/list?count=1001").code() == 40026);
  CHECK(index.get("/list?cursor=none").code() == 40052);
  CHECK(index.get("/list?cursor=" + cursor + "9").code() == 40052);
  LocalVectorize other(api, 2, "cosine", "other");
  CHECK(other.get("/list?cursor=" + cursor).code() == 40052);
  api.clock->advance(std::chrono::minutes(61));
  CHECK(index.get("/list?cursor=" + cursor).code() == 40052);
}

TEST_CASE("embedded vectorize: a mutation shows after the delay, in order, and info tells how far it has come") {
  LocalApi api({.vectorize_delay = std::chrono::seconds(10)});
  LocalVectorize index(api);
  const std::int64_t begin = api.now();
  const auto time = [begin](int seconds) {
    return cloudflare::detail::format_rfc3339(std::chrono::sys_seconds(std::chrono::seconds(begin + seconds)));
  };
  const Answer answer = index.upsert({vector_of("a", {1, 0})});
  const std::string first = mutation_of(answer);
  const std::string second = mutation_of(index.upsert({vector_of("b", {0, 1})}));
  CHECK(first != second);
  CHECK(index.info() == Json({{"dimensions", 2}, {"vectorCount", 0}}));
  api.clock->advance(std::chrono::seconds(4));
  const std::string third = mutation_of(index.erase({"a"}));
  api.clock->advance(std::chrono::seconds(5));
  CHECK(index.count() == 0);
  CHECK(index.query({{"vector", {1, 0}}}).empty());
  api.clock->advance(std::chrono::seconds(1));
  CHECK(LocalVectorize::ids_of(index.query({{"vector", {1, 0}}})) == "a b");
  // All of the first second is applied, so its mutations are behind this time; the third one is not.
  CHECK(index.info() == Json({{"dimensions", 2},
                              {"vectorCount", 2},
                              {"processedUpToMutation", second},
                              {"processedUpToDatetime", time(1)}}));
  api.clock->advance(std::chrono::seconds(4));
  CHECK(index.info() == Json({{"dimensions", 2},
                              {"vectorCount", 1},
                              {"processedUpToMutation", third},
                              {"processedUpToDatetime", time(5)}}));
}

TEST_CASE(
    "embedded vectorize: processedUpToDatetime passes a mutation's second only when nothing of it can be missing") {
  LocalApi api;
  LocalVectorize index(api);
  const Answer answer = index.upsert({vector_of("a", {1, 0})});
  const auto processed = [&] { return index.info().at("processedUpToDatetime").get<std::string>(); };
  const auto now = [&] { return cloudflare::detail::format_rfc3339(api.clock->wall()); };
  CHECK(processed() == now());
  api.clock->advance(std::chrono::seconds(1));
  CHECK(processed() == now());
  api.clock->advance(std::chrono::seconds(60));
  CHECK(processed() < now());
}

TEST_CASE("embedded vectorize: a clock that is set back or forward delays no mutation, and no progress goes back") {
  for (const int delay : {0, 10}) {
    INFO(delay);
    LocalApi api({.vectorize_delay = std::chrono::seconds(delay)});
    LocalVectorize index(api);
    const auto set_clock = [&](std::chrono::seconds by) { api.clock->set_wall(api.clock->wall() + by); };
    const auto processed = [&] { return index.info().at("processedUpToDatetime").get<std::string>(); };
    (void)index.upsert({vector_of("a", {1, 0})}).result();
    api.clock->advance(std::chrono::seconds(delay));
    const std::string before = processed();
    (void)index.upsert({vector_of("b", {1, 0})}).result();
    set_clock(-std::chrono::hours(1));
    CHECK(index.count() == 2);
    CHECK(processed() >= before);
    (void)index.upsert({vector_of("c", {1, 0})}).result();
    api.clock->advance(std::chrono::seconds(delay));
    CHECK(index.count() == 3);
    CHECK(processed() >= before);
    (void)index.upsert({vector_of("d", {1, 0})}).result();
    set_clock(std::chrono::hours(48));
    CHECK(index.count() == 4);
    CHECK(processed() > before);
  }
}

TEST_CASE("embedded vectorize: what is waiting when an index is removed is gone with it") {
  LocalApi api({.vectorize_delay = std::chrono::seconds(10)});
  LocalVectorize index(api);
  (void)index.upsert({vector_of("a", {1, 0})}).result();
  (void)api.account("DELETE", index.path).result();
  const LocalVectorize again(api);
  api.clock->advance(std::chrono::seconds(20));
  CHECK(index.count() == 0);
}
