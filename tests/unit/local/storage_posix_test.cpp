// The embedded store in a folder, where processes fork and files have permissions: what a killed process leaves, and
// who may open it.
#include <filesystem>

#include "killed_process.hpp"
#include "local_d1_support.hpp"
#include "local_kv_support.hpp"

using namespace cloudflare_tests;

TEST_CASE(
    "embedded store: what was acknowledged survives a process that is killed while it receives the next request") {
  const TemporaryFolder folder;
  const std::string path = killed_in_body([&](std::string& word, const cloudflare::Body& body) {
    LocalApi api({.folder = folder.path()});
    LocalKv kv(api);
    kv.put("single", "v");
    kv.bulk({{{"key", "bulk"}, {"value", "v"}}});
    word = kv.path;
    // The body stops in the middle of an array.
    api.account("PUT", kv.path + "/bulk", body);
  });

  LocalApi api({.folder = folder.path()});
  CHECK(api.account("GET", path + "/values/single").body == "v");
  CHECK(api.account("GET", path + "/values/bulk").body == "v");
  CHECK(api.account("GET", path + "/keys").result().size() == 2);
}

TEST_CASE(
    "embedded store: the folders and files it makes are its user's alone; a folder that was there stays as it is") {
  const TemporaryFolder outer;
  std::filesystem::permissions(outer.path(), std::filesystem::perms(0755));
  const std::string folder = outer.path() + "/made/inside";
  LocalApi api({.folder = folder});
  LocalKv kv(api);
  kv.put("k", "v");
  LocalD1 db(api);
  (void)db.bookmark();
  db.run("CREATE TABLE t (a)");  // leaves a snapshot beside the database
  api.account_json("POST", "/vectorize/v2/indexes",
                   {{"name", "i"}, {"config", {{"dimensions", 3}, {"metric", "cosine"}}}});

  std::size_t files = 0;
  CHECK(std::filesystem::status(outer.path()).permissions() == std::filesystem::perms(0755));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(outer.path())) {
    CAPTURE(entry.path());
    files += entry.is_directory() ? 0 : 1;
    CHECK(entry.status().permissions() == std::filesystem::perms(entry.is_directory() ? 0700 : 0600));
  }
  CHECK(files >= 5);
}
