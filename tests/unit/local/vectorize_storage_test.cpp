// Vectorize of the embedded store in a folder: what stays when it is opened again.
#include "local_vectorize_support.hpp"

using namespace cloudflare_tests;

namespace {

constexpr std::chrono::seconds delay{10};

// Opens the index that a first store made; LocalVectorize would make a new one.
struct Opened {
  explicit Opened(const std::string& folder) : api({.folder = folder, .vectorize_delay = delay}) {}
  Answer get(const std::string& route) { return api.account("GET", path + route); }
  Json post(const std::string& route, const Json& body) {
    return LocalVectorize::json_to(api, path + route, body).result();
  }
  std::string found(const Json& filter) {
    return LocalVectorize::ids_of(
        post("/query", {{"vector", {1, 0}}, {"topK", 100}, {"filter", filter}}).at("matches"));
  }

  LocalApi api;
  std::string path = LocalVectorize::indexes + "/test";
};

}  // namespace

TEST_CASE("embedded vectorize: a folder that is opened again holds vectors, metadata indexes and waiting mutations") {
  const TemporaryFolder folder;
  Json info;
  const std::string values = "[0.1,-3.4028235e+38]";
  {
    LocalApi api({.folder = folder.path(), .vectorize_delay = delay});
    LocalVectorize index(api, 2, "euclidean");
    LocalVectorize removed(api, 2, "cosine", "removed");
    (void)api.account("DELETE", removed.path).result();
    (void)index.upsert({vector_of("early", {1, 0}, "", {{"n", 1}})}).result();
    (void)index.add_metadata_index("n", "number").result();
    (void)index.add_metadata_index("gone", "string").result();
    (void)index.post("/metadata_index/delete", {{"propertyName", "gone"}}).result();
    (void)index
        .upload("/upsert",
                R"({"id":"a","values":)" + values + R"(,"namespace":"x","metadata":{"n":1,"big":9007199254740993}})")
        .result();
    (void)index.upsert({vector_of("b", {0, 1}, "", {{"n", 2}}), vector_of("c", {0, 1}, "", {{"n", 1}})}).result();
    (void)index.erase({"c"}).result();
    api.clock->advance(delay);
    info = index.info();
    CHECK(info.at("vectorCount") == 3);
    (void)index.upsert({vector_of("late", {1, 1}, "y", {{"n", 3}})}).result();
    (void)index.erase({"b"}).result();
  }
  Opened again(folder.path());
  again.api.clock->advance(delay);
  CHECK(again.get("").result().at("config") == Json({{"dimensions", 2}, {"metric", "euclidean"}}));
  CHECK(again.get("/info").result().at("processedUpToMutation") == info.at("processedUpToMutation"));
  CHECK(again.get("/info").result().at("vectorCount") == 3);
  CHECK(again.found({{"n", 1}}) == "a");  // "early" came before the metadata index, and stays out
  CHECK(again.found({{"n", {{"$gte", 0}}}}) == "a b");
  const std::string read = LocalVectorize::json_to(again.api, again.path + "/get_by_ids", {{"ids", {"a"}}}).body;
  CHECK(read.find(values) != std::string::npos);
  CHECK(read.find(R"({"n":1,"big":9007199254740993})") != std::string::npos);
  CHECK(read.find(R"("namespace":"x")") != std::string::npos);
  CHECK(again.api.account("GET", LocalVectorize::indexes + "/removed").code() == 3005);

  again.api.clock->advance(std::chrono::seconds(11));
  CHECK(again.get("/info").result().at("vectorCount") == 3);
  CHECK(again.found({{"n", {{"$gte", 0}}}}) == "a late");
  CHECK(again.get("/metadata_index/list").result().at("metadataIndexes").size() == 1);
}
