// Vectorize of the embedded store in a folder: what stays when it is opened again, or killed.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

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

TEST_CASE(
    "embedded vectorize: what was acknowledged survives a process that is killed while it receives the next upload") {
  const TemporaryFolder folder;
  int acknowledged[2];
  REQUIRE(pipe(acknowledged) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    LocalApi api({.folder = folder.path()});
    LocalVectorize index(api);
    (void)index.upsert({vector_of("a", {1, 0}), vector_of("b", {0, 1})});
    (void)index.erase({"b"});
    // The body never ends: the process dies inside the call.
    bool told = false;
    const auto endless = [&](std::span<char> to) -> std::size_t {
      if (!told && write(acknowledged[1], "x", 1) != 1) _exit(1);
      told = true;
      to[0] = ' ';
      pause();
      return 1;
    };
    (void)api.call("POST", "/accounts/local" + index.path + "/upsert", cloudflare::Body::callback(endless),
                   {{"authorization", "Bearer token"}, {"content-type", "application/x-ndjson"}});
    _exit(0);
  }
  char told = 0;
  REQUIRE(read(acknowledged[0], &told, 1) == 1);
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  close(acknowledged[0]);
  close(acknowledged[1]);

  Opened again(folder.path());
  CHECK(again.get("/info").result().at("vectorCount") == 1);
  CHECK(LocalVectorize::ids_of(again.post("/query", {{"vector", {0, 1}}}).at("matches")) == "a");
}
