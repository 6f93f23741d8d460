// What each operation of D1 puts on the wire.

#include "d1/sql.hpp"
#include "d1_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using cf::testing::SentRequest;
using nlohmann::json;

namespace {

const std::string account_path = "https://api.cloudflare.com/client/v4/accounts/acc/d1/database";
const std::string database_path = account_path + "/" + database_id;

std::string line(const Scripted& s) {
  CHECK(s.fake->problems().empty());
  REQUIRE(s.count() == 1);
  const SentRequest sent = s.fake->requests()[0];
  return sent.method + ' ' + sent.url;
}
json body(const Scripted& s) { return json::parse(s.fake->requests().at(0).body); }

constexpr const char* a_database = R"({"uuid":"00000000-0000-4000-8000-000000000001","name":"n"})";

}  // namespace

// Sharp edge 39.
TEST_CASE("parameters travel by their types: numbers as numbers, booleans as 1 and 0, a blob as an array of bytes") {
  const Scripted s({one()});
  const std::optional<int> none;
  (void)database(s).query<int>("SELECT ?", {nullptr, true, false, 5, -7L, 2.5, 1e300, "text \"\n",
                                            std::optional<int>(3), none, d1::Blob{std::byte{0}, std::byte{255}},
                                            std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000))});
  CHECK(line(s) == "POST " + database_path + "/raw");
  CHECK(s.fake->requests()[0].header("Content-Type") == "application/json");
  CHECK(body(s) ==
        json::parse(R"({"sql":"SELECT ?","params":[null,1,0,5,-7,2.5,1e300,"text \"\n",3,null,[0,255],1700000000]})"));
  CHECK(s.fake->requests()[0].body.find("5.0") == std::string::npos);
}

TEST_CASE("statements without parameters send none; the text is as it was written") {
  const Scripted s({one()});
  (void)database(s).query<int>("  SELECT '\t\\' -- end");
  CHECK(body(s) == json{{"sql", "  SELECT '\t\\' -- end"}});
}

// Sharp edge 40.
TEST_CASE("a batch is one request with the parameters of each statement") {
  const Scripted s({ok(R"([{"success":true,"results":{"columns":["a"],"rows":[[1]]},"meta":{"changes":0}},)"
                       R"({"success":true,"results":{"columns":[],"rows":[]},"meta":{"changes":2}}])")});
  const auto results = database(s).batch({{.sql = "SELECT ?", .params = {1}}, {.sql = "DELETE FROM t"}});
  CHECK(line(s) == "POST " + database_path + "/raw");
  CHECK(body(s) == json::parse(R"({"batch":[{"sql":"SELECT ?","params":[1]},{"sql":"DELETE FROM t"}]})"));
  REQUIRE(results.size() == 2);
  CHECK(results[0].rows<int>()[0] == std::tuple(1));
  CHECK(results.changes() == 2);
}

TEST_CASE("insert_many refuses a row that it cannot send, and names it; the rows before it are written") {
  const auto refused = [](cf::d1::Params bad) {
    const Scripted s({ok(R"([{"success":true,"results":[],"meta":{"changes":1}}])")});
    const std::vector<cf::d1::Params> rows{{1, 2}, std::move(bad), {3, 4}};
    const auto done = database(s).insert_many("t", {"a", "b"}, rows);
    CHECK(s.count() == 1);
    CHECK(done.committed == 1);
    REQUIRE(done.failure);
    CHECK(done.failure->first_row == 1);
    CHECK(done.failure->last_row == 1);
    CHECK(done.failure->error.kind() == ErrorKind::invalid_argument);
    CHECK_FALSE(done.failure->error.outcome_unknown());
    return std::string(done.failure->error.what());
  };
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(refused({1}), ContainsSubstring("the row has 1 values for 2 columns"));
  CHECK_THAT(refused({1, "\xff"}), ContainsSubstring("UTF-8"));
  const std::string half(1'000'001, 'x');
  CHECK_THAT(refused({half, half}), ContainsSubstring("the row has 2000002 bytes; at most 2000000"));
  CHECK_THAT(refused({half, d1::Blob(1'000'000, std::byte{7})}), ContainsSubstring("the row has 2000001 bytes"));
}

TEST_CASE("query_json goes to /query, insert_many to /query as batches of 100 statements") {
  const Scripted asked({ok(R"([{"success":true,"results":[{"a":1}],"meta":{}}])")});
  CHECK(database(asked).query_json("SELECT 1 AS a") == json::parse(R"([{"a":1}])"));
  CHECK(line(asked) == "POST " + database_path + "/query");

  const Scripted s;
  s.fake->answer_with([](const SentRequest&) { return ok(R"([{"success":true,"results":[],"meta":{"changes":3}}])"); });
  std::vector<std::tuple<int, std::string, double>> rows;
  for (int i = 0; i < 3'400; ++i) rows.emplace_back(i, "r", 0.5);  // 33 rows a statement, 3300 a request
  const auto done = database(s).insert_many("t \"x\"", {"a", "b", "c"}, rows);
  CHECK(done.complete());
  CHECK(done.requests == 2);
  CHECK(done.changes == 6);
  REQUIRE(s.count() == 2);
  const json first = body(s).at("batch");
  CHECK(s.fake->requests()[0].url == database_path + "/query");
  CHECK(first.size() == 100);
  CHECK(first[0].at("params").size() == 99);
  const std::string sql = first[0].at("sql");
  CHECK(sql.starts_with(R"(INSERT INTO "t ""x""" ("a","b","c") VALUES (?,?,?),(?,?,?))"));
  const json second = json::parse(s.fake->requests()[1].body).at("batch");
  REQUIRE(second.size() == 4);  // 100 rows: 3 x 33 and 1
  CHECK(second[3].at("params") == json::parse(R"([3399,"r",0.5])"));
}

TEST_CASE("the operations on databases have the method, path and body of the API") {
  const Scripted created({ok(a_database)});
  CHECK(created.client().d1_databases().create("n", {.jurisdiction = d1::Jurisdiction::eu}).name == "n");
  CHECK(line(created) == "POST " + account_path);
  CHECK(body(created) == json{{"name", "n"}, {"jurisdiction", "eu"}});

  const Scripted hinted({ok(a_database)});
  (void)hinted.client().d1_databases().create(
      "n", {.primary_location_hint = d1::Location::weur, .read_replication = d1::ReadReplication::automatic});
  CHECK(body(hinted) ==
        json::parse(R"({"name":"n","primary_location_hint":"weur","read_replication":{"mode":"auto"}})"));

  const Scripted got({ok(a_database)});
  CHECK_FALSE(got.client().d1_databases().get(database_id, {"uuid", "name"}).file_size);
  CHECK(line(got) == "GET " + database_path + "?fields=uuid%2Cname");

  const Scripted updated({ok(a_database)});
  (void)updated.client().d1_databases().update(database_id, d1::ReadReplication::disabled);
  CHECK(line(updated) == "PATCH " + database_path);
  CHECK(body(updated) == json::parse(R"({"read_replication":{"mode":"disabled"}})"));

  const Scripted replaced({ok(a_database)});
  (void)replaced.client().d1_databases().replace(database_id, d1::ReadReplication::automatic);
  CHECK(line(replaced) == "PUT " + database_path);

  const Scripted removed({ok("null")});
  removed.client().d1_databases().remove(database_id);
  CHECK(line(removed) == "DELETE " + database_path);

  const Scripted listed({ok("[]", R"({"page":1,"per_page":1000,"total_count":0})")});
  (void)listed.client().d1_databases().list_page({.name = "a b"});
  CHECK(line(listed) == "GET " + account_path + "?name=a%20b&page=1&per_page=1000");
}

TEST_CASE("a database that is gone on a repeated removal was removed by the attempt before") {
  const Scripted s({cut(), refused(404, 7404, "gone")});
  CHECK_NOTHROW(s.client().d1_databases().remove(database_id));
  const Scripted first({refused(404, 7404, "gone")});
  CHECK(error_of([&] { first.client().d1_databases().remove(database_id); }).kind() == cf::ErrorKind::not_found);
}

// Sharp edge 49.
TEST_CASE("statements are told apart outside strings, names and comments; only one that reads is a read") {
  using cf::ops::shape_of;
  struct Case {
    const char* sql;
    std::size_t statements;
    bool reads;
  };
  for (const Case& c :
       {Case{"", 0, false}, Case{" ;; ", 0, false}, Case{"SELECT 1", 1, true}, Case{"select 1;", 1, true},
        Case{"SELECT ';' || \"a;b\" || `c;d` || [e;f]", 1, true}, Case{"SELECT 'it''s; one'", 1, true},
        Case{"-- one; two\nSELECT 1", 1, true}, Case{"/* a; b */ VALUES (1)", 1, true},
        Case{"SELECT 1; SELECT 2", 2, false}, Case{"SELECT 1;\r\n-- end;", 1, true}, Case{"SELECTED", 1, false},
        Case{"SELECT_x", 1, false}, Case{"EXPLAIN QUERY PLAN DELETE FROM t", 1, true},
        Case{"WITH a AS (SELECT 1) DELETE FROM t", 1, false}, Case{"PRAGMA table_info(t)", 1, false},
        Case{"SELECT 'not closed;", 1, true}, Case{"DELETE FROM t -- SELECT", 1, false}, Case{"(SELECT 1)", 1, false},
        Case{"\xEF\xBB\xBFSELECT 1;\xEF\xBB\xBF", 1, true}}) {
    INFO(c.sql);
    CHECK(shape_of(c.sql).statements == c.statements);
    CHECK(shape_of(c.sql).reads == c.reads);
  }
  CHECK(shape_of("SELECT 1; SELECT 222").longest == 11);
}

TEST_CASE("Windows line ends become plain ones outside strings and quoted names, for the server splits wrongly there") {
  const Scripted s({one()});
  (void)database(s).query<int>("SELECT 'a\r\nb' AS \"c\r\nd\" -- x\r\nFROM t\r\n");
  CHECK(body(s).at("sql") == "SELECT 'a\r\nb' AS \"c\r\nd\" -- x\nFROM t\n");
}

TEST_CASE("an error names the operation that was called: query, execute, query_json or batch") {
  const auto name_of = [](auto call) {
    const Scripted s({refused(400, 7500, "no such table: t")});
    const auto db = database(s);
    return error_of([&] { call(db); }).operation();
  };
  CHECK(name_of([](const cf::D1Database& db) { (void)db.query<int>("SELECT 1 FROM t"); }) == "d1.query");
  CHECK(name_of([](const cf::D1Database& db) { db.execute("SELECT 1 FROM t"); }) == "d1.execute");
  CHECK(name_of([](const cf::D1Database& db) { (void)db.query_json("SELECT 1 FROM t"); }) == "d1.query_json");
  CHECK(name_of([](const cf::D1Database& db) { db.batch({{"SELECT 1 FROM t"}}); }) == "d1.batch");
}

TEST_CASE("SQL without a statement is refused before sending: empty, blank, a comment or a semicolon alone") {
  for (const char* sql :
       {"", " \t\r\n", ";", " ; ; ", "-- nothing", "/* nothing */", "/* not closed", "-- a;\n /* b */ ;"}) {
    INFO(sql);
    for (const bool check : {true, false}) {
      const Scripted s;
      const auto db = database(s, {.check_limits = check});
      const auto refused = [&](auto call) {
        const auto error = error_of(call);
        CHECK(error.kind() == ErrorKind::invalid_argument);
        CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("no statement"));
      };
      refused([&] { db.execute(sql); });
      refused([&] { (void)db.query<int>(sql); });
      refused([&] { (void)db.query_json(sql); });
      refused([&] { (void)db.query_value<int>(sql, {1}); });
      refused([&] { db.batch({{"SELECT 1"}, {sql}}); });
      CHECK(s.count() == 0);
    }
  }
}
