// The embedded store in a folder: what stays, and which folders it refuses.
#include <cloudflare/error.hpp>

#include "local_d1_support.hpp"
#include "local_kv_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded store: a folder that is opened again holds what was written, with metadata and expiry") {
  const TemporaryFolder folder;
  const std::string nested = folder.path() + "/made/\xC3\xBC";
  std::string path;
  {
    LocalApi api({.folder = nested});
    LocalKv kv(api);
    path = kv.path;
    kv.bulk({{{"key", "k"}, {"value", "v"}, {"metadata", {1, 2}}, {"expiration_ttl", 90}}});
  }
  LocalApi api({.folder = nested});
  CHECK(api.account("GET", path + "/values/k").body == "v");
  CHECK(api.account("GET", path + "/metadata/k").result() == Json({1, 2}));
  CHECK(api.account("GET", path + "/values/k").header("expiration") == std::to_string(api.now() + 90));
  CHECK(api.account("GET", path).result().at("title") == "test");
}

TEST_CASE("embedded store: a folder in use, a file in its place and a folder without permission are named errors") {
  const TemporaryFolder folder;
  const LocalApi first({.folder = folder.path() + "/used"});
  const auto message = [](const std::string& path) -> std::string {
    try {
      const LocalApi second({.folder = path});
    } catch (const cloudflare::Error& error) {
      CHECK(error.kind() == cloudflare::ErrorKind::invalid_argument);
      return error.what();
    }
    return "no error";
  };
  CHECK_THAT(message(folder.path() + "/used"), Catch::Matchers::ContainsSubstring("in use"));
  CHECK_THAT(message(folder.path() + "/used/kv.sqlite"), Catch::Matchers::ContainsSubstring("cannot be made"));
}

TEST_CASE("embedded store: two stores in memory share nothing") {
  LocalApi one;
  LocalApi two;
  LocalKv kv(one);
  CHECK(two.account("GET", LocalKv::namespaces).result().empty());
}
