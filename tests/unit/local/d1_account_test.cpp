// D1 databases of the embedded store's account.
#include "local_d1_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded D1: databases are created, found by id and name, updated, listed and removed") {
  LocalApi api;
  const std::string all = LocalD1::databases;
  const auto create = [&](const Json& body) { return api.account_json("POST", all, body); };
  const Json made = create({{"name", "accounts"}, {"jurisdiction", "eu"}, {"primary_location_hint", "weur"}}).result();
  CHECK(made.at("uuid").get<std::string>().size() == 36);
  CHECK(made.at("version") == "production");
  CHECK(made.at("jurisdiction") == "eu");
  CHECK(made.at("created_at") == "2027-01-15T08:00:00Z");
  CHECK(made.at("read_replication").at("mode") == "disabled");
  CHECK(made.contains("created_in_region"));
  const Answer taken = create({{"name", "accounts"}});
  CHECK(taken.status == 400);
  CHECK(taken.code() == 7502);
  for (const Json& body :
       {Json({{"name", ""}}), Json({{"name", "-a"}}), Json({{"name", "a b"}}), Json::object(),
        Json({{"name", "x"}, {"primary_location_hint", "moon"}}), Json({{"name", "x"}, {"jurisdiction", "EU"}}),
        Json({{"name", "x"}, {"read_replication", {{"mode", "on"}}}}),
        Json({{"name", "x"}, {"read_replication", Json::object()}})}) {
    CAPTURE(body.dump());
    CHECK(create(body).code() == 7400);
  }

  const std::string path = all + "/" + made.at("uuid").get<std::string>();
  CHECK(api.account("GET", all + "/accounts").result().at("uuid") == made.at("uuid"));
  CHECK(api.account("GET", path + "?fields=uuid,name").result() ==
        Json({{"uuid", made.at("uuid")}, {"name", "accounts"}}));
  const Json mode = {{"read_replication", {{"mode", "auto"}}}};
  CHECK(api.account_json("PATCH", path, mode).result().at("read_replication").at("mode") == "auto");
  CHECK(api.account("GET", path).result().at("read_replication").at("mode") == "auto");
  CHECK(api.account_json("PUT", path, {{"read_replication", {{"mode", "disabled"}}}}).status == 200);
  CHECK(api.account_json("PATCH", path, Json::object()).code() == 7500);
  CHECK(api.account_json("PUT", path, Json::object()).code() == 7400);

  CHECK(create({{"name", "more_accounts"}}).status == 200);
  CHECK(create({{"name", "other"}}).status == 200);
  const Answer list = api.account("GET", all + "?name=account&per_page=10");
  REQUIRE(list.result().size() == 2);
  CHECK(list.result().at(0).at("name") == "accounts");
  CHECK(list.json().at("result_info") == Json({{"page", 1}, {"per_page", 10}, {"count", 2}, {"total_count", 2}}));
  CHECK(api.account("GET", all + "?page=2&per_page=10").result().empty());
  for (const char* query : {"?per_page=9", "?per_page=10001", "?page=0", "?per_page=x"})
    CHECK(api.account("GET", all + query).code() == 7400);

  CHECK(api.account("DELETE", path).result().is_null());
  CHECK(api.account("GET", path).status == 404);
  CHECK(api.account("GET", path).code() == 7404);
  CHECK(api.account_json("POST", path + "/query", {{"sql", "SELECT 1"}}).code() == 7404);
  CHECK(api.account("DELETE", path).code() == 7404);
  CHECK(api.account_json("POST", all + "/no-uuid/query", {{"sql", "SELECT 1"}}).code() == 7400);
  CHECK(api.account("PUT", all).code() == 10405);
}

TEST_CASE("embedded D1: details count the tables and bytes of a database") {
  LocalApi api;
  LocalD1 db(api);
  CHECK(api.account("GET", db.path).result().at("num_tables") == 0);
  db.raw("CREATE TABLE a (x); CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIEW v AS SELECT 1");
  const Json details = api.account("GET", db.path).result();
  CHECK(details.at("num_tables") == 2);
  CHECK(details.at("file_size").get<int>() >= 4096);
}

TEST_CASE("embedded D1: databases share nothing, and a folder keeps them") {
  const TemporaryFolder folder;
  std::string one_path;
  std::string two_path;
  {
    LocalApi api({.folder = folder.path()});
    LocalD1 one(api, "one");
    LocalD1 two(api, "two");
    one.raw("CREATE TABLE t (a); INSERT INTO t VALUES ('kept')");
    CHECK(two.error("SELECT * FROM t") == "no such table: t: SQLITE_ERROR");
    one_path = one.path;
    two_path = two.path;
  }
  LocalApi api({.folder = folder.path()});
  const Json kept = api.account_json("POST", one_path + "/raw", {{"sql", "SELECT a FROM t"}}).result();
  CHECK(kept.at(0).at("results").at("rows") == Json::parse(R"([["kept"]])"));
  CHECK(api.account("GET", two_path).result().at("name") == "two");
  CHECK(api.account("DELETE", one_path).status == 200);
  // Nothing of a removed database stays in the folder.
  const std::string id = one_path.substr(one_path.rfind('/') + 1);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() + "/d1"))
    CHECK_FALSE(entry.path().filename().string().starts_with(id));
}

TEST_CASE("embedded D1: more databases than may be open at once stay usable") {
  const TemporaryFolder folder;
  LocalApi api({.folder = folder.path()});
  std::vector<std::string> paths;
  for (int i = 0; i < 150; ++i) {
    LocalD1 db(api, "db" + std::to_string(i));
    db.raw("CREATE TABLE t (a); INSERT INTO t VALUES (" + std::to_string(i) + ")");
    paths.push_back(db.path);
  }
  for (int i = 0; i < 150; ++i) {
    const Json result =
        api.account_json("POST", paths[static_cast<std::size_t>(i)] + "/raw", {{"sql", "SELECT a FROM t"}}).result();
    CHECK(result.at(0).at("results").at("rows").at(0).at(0) == i);
  }
}
