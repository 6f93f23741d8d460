// Several statements, batches and transactions.

#include "contract/d1_support.hpp"

using namespace contract;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
namespace d1 = cloudflare::d1;

namespace {

struct Item {
  std::int64_t id = 0;
  std::string name{};
};

}  // namespace

CONTRACT_CASE("several statements in one text: the result of each is kept", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto results = db->execute(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t (name) VALUES ('a;b'), ('c');\n"
      "-- a comment; here\nSELECT id, name FROM t ORDER BY id; UPDATE t SET name = 'x' WHERE id = 1;");
  REQUIRE(results.size() == 4);
  CHECK(results[1].meta().changes == 2);
  const auto rows = results[2].rows<int, std::string>();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == std::tuple<int, std::string>(1, "a;b"));
  CHECK(rows.columns() == std::vector<std::string>{"id", "name"});
  CHECK(results[2].rows_as<Item>()[1].name == "c");
  CHECK(results[2].rows<int, std::string>()[1] == std::tuple<int, std::string>(2, "c"));
  CHECK(results.changes() == 3);
}

CONTRACT_CASE("several statements are refused where one is asked for, before sending", "[d1][statements]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  for (const char* sql : {"SELECT 1; SELECT 2", "SELECT 1; DELETE FROM t", "INSERT INTO t VALUES (1); SELECT 1"}) {
    const auto error = error_of([&] { (void)db->query<int>(sql); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(error.attempts() == 0);
    CHECK(error_of([&] { (void)db->query_json(sql); }).kind() == ErrorKind::invalid_argument);
  }
  CHECK(contract::count(*db) == 0);
}

CONTRACT_CASE("several statements take no parameters: the client refuses them, and so does the server",
              "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(error_of([&] { db->execute("SELECT ?; SELECT ?", {1, 2}); }).kind() == ErrorKind::invalid_argument);
  const auto error = error_of([&] {
    (void)cloud.client().request("POST", cloud.account_path() + "/d1/database/" + db->id() + "/raw",
                                 nlohmann::json{{"sql", "SELECT ?; SELECT ?"}, {"params", {1, 2}}});
  });
  CHECK(error.code() == ErrorCode::d1_bad_request);
  CHECK(error.http_status() == 400);
}

CONTRACT_CASE("several statements are one transaction", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  CHECK(error_of([&] { db->execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)"); }).kind() ==
        ErrorKind::rejected);
  CHECK(contract::count(*db) == 0);
}

// SHARP EDGE: cloudflare-typescript#2689.
CONTRACT_CASE("a batch carries the parameters of each statement and gives a result for each", "[d1][statements]",
              Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  const auto results = db->batch({{.sql = "INSERT INTO t VALUES (?, ?)", .params = {1, "one"}},
                                  {.sql = "INSERT INTO t VALUES (?, ?)", .params = {2, nullptr}},
                                  {.sql = "SELECT name FROM t WHERE id = ?", .params = {1}},
                                  {.sql = "SELECT count(*) FROM t"}});
  REQUIRE(results.size() == 4);
  CHECK(results[0].meta().last_row_id == 1);
  CHECK(results[1].meta().changes == 1);
  CHECK(std::get<0>(results[2].rows<std::string>().front()) == "one");
  CHECK(std::get<0>(results[3].rows<int>().front()) == 2);
  CHECK(results.changes() == 2);
}

CONTRACT_CASE("a batch that fails leaves nothing behind", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (7)");
  const std::vector<d1::Statement> statements{{.sql = "DELETE FROM t"},
                                              {.sql = "INSERT INTO t VALUES (?)", .params = {1}},
                                              {.sql = "INSERT INTO t VALUES (?)", .params = {1}}};
  const auto error = error_of([&] { db->batch(statements); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.code() == ErrorCode::d1_sql);
  CHECK_FALSE(error.outcome_unknown());
  CHECK(db->query_value<int>("SELECT id FROM t") == 7);
}

CONTRACT_CASE("an empty batch is refused before sending", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto error = error_of([&] { db->batch(std::vector<d1::Statement>()); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK(error.attempts() == 0);
}

CONTRACT_CASE("a statement of a batch that breaks a limit is named", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto error = error_of([&] {
    db->batch({{.sql = "SELECT 1"}, {.sql = "SELECT ?", .params = d1::Params(101, 1)}});
  });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK_THAT(std::string(error.what()),
             Catch::Matchers::ContainsSubstring("statement 1") && Catch::Matchers::ContainsSubstring("at most 100"));
}

// SHARP EDGE: workers-sdk#14991.
CONTRACT_CASE("a trigger with BEGIN, END and Windows line ends is one statement", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);\r\nCREATE TABLE log (line TEXT)");
  db->execute(
      "CREATE TRIGGER added AFTER INSERT ON t BEGIN\r\n  INSERT INTO log VALUES ('new; ' || new.name);\r\n"
      "  INSERT INTO log VALUES ('end\r\nline');\r\nEND;\r\n");
  db->execute("INSERT INTO t (name) VALUES ('x')");
  const auto lines = db->query<std::string>("SELECT line FROM log ORDER BY rowid");
  REQUIRE(lines.size() == 2);
  CHECK(std::get<0>(lines[0]) == "new; x");
  CHECK(std::get<0>(lines[1]) == "end\r\nline");
}

CONTRACT_CASE("an upsert counts its change", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)");
  for (int i = 0; i < 2; ++i)
    CHECK(db->execute("INSERT INTO t VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1", {5}).changes() == 1);
  CHECK(db->query_value<int>("SELECT n FROM t") == 2);
}

CONTRACT_CASE("a prepared statement is a value that runs again and again", "[d1][statements]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  d1::Statement insert{.sql = "INSERT INTO t VALUES (?)", .params = {1}};
  db->execute(insert);
  insert.params[0] = 2;
  db->execute(insert);
  CHECK(contract::count(*db) == 2);
}
