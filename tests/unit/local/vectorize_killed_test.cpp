// Vectorize of the embedded store in a folder: what a killed process leaves.
#include "killed_process.hpp"
#include "local_vectorize_support.hpp"

using namespace cloudflare_tests;

TEST_CASE(
    "embedded vectorize: what was acknowledged survives a process that is killed while it receives the next upload") {
  const TemporaryFolder folder;
  killed_in_body([&](std::string&, const cloudflare::Body& body) {
    LocalApi api({.folder = folder.path()});
    LocalVectorize index(api);
    (void)index.upsert({vector_of("a", {1, 0}), vector_of("b", {0, 1})});
    (void)index.erase({"b"});
    (void)api.call("POST", "/accounts/local" + index.path + "/upsert", body,
                   {{"authorization", "Bearer token"}, {"content-type", "application/x-ndjson"}});
  });

  LocalApi api({.folder = folder.path()});
  api.clock->advance(std::chrono::seconds(10));
  const std::string path = LocalVectorize::indexes + "/test";
  CHECK(api.account("GET", path + "/info").result().at("vectorCount") == 1);
  const Answer found = LocalVectorize::json_to(api, path + "/query", {{"vector", {0, 1}}});
  CHECK(LocalVectorize::ids_of(found.result().at("matches")) == "a");
}
