// D1 of the embedded store: what statements answer. The values and texts were read from Cloudflare's engine.
#include "local_d1_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded D1: raw keeps duplicate names and true columns of empty results, query gives objects") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)");
  CHECK(db.run("SELECT 1 AS a, 'x' AS a").at("results") == Json({{"columns", {"a", "a"}}, {"rows", {{1, "x"}}}}));
  CHECK(db.run("SELECT * FROM t").at("results") == Json({{"columns", {"id", "b"}}, {"rows", Json::array()}}));
  CHECK(db.run("DELETE FROM t").at("results") == Json({{"columns", Json::array()}, {"rows", Json::array()}}));
  const Answer objects = db.post("/query", {{"sql", "SELECT 1 AS a, 2 AS b, 3 AS a"}});
  CHECK(objects.result().at(0).at("results") == Json::array({{{"a", 3}, {"b", 2}}}));
  CHECK(objects.body.find(R"({"a":3,"b":2})") != std::string::npos);
  CHECK(db.post("/query", {{"sql", "SELECT * FROM t"}}).result().at(0).at("results") == Json::array());
}

TEST_CASE("embedded D1: values come back as the engine's JSON") {
  LocalApi api;
  LocalD1 db(api);
  const std::vector<std::pair<std::string, std::string>> values{
      {"NULL", "null"},
      {"5", "5"},
      {"5.0", "5"},
      {"-0.0", "0"},
      {"0.1", "0.1"},
      {"1e5", "100000"},
      {"1e21", "1e+21"},
      {"1e-7", "1e-7"},
      {"123456789.123", "123456789.123"},
      {"9007199254740992", "9007199254740992"},
      {"9007199254740993", "9007199254740992"},
      {"-9007199254740993", "-9007199254740992"},
      {"9223372036854775807", "9223372036854776000"},
      {"9e999", "null"},
      {"-9e999", "null"},
      {"x'00ff'", "[0,255]"},
      {"x''", "[]"},
      {"'it''s'", R"("it's")"},
      {"char(0,97)", R"("\u0000a")"},
      {"CAST(x'ff41' AS TEXT)",
       "\"\xEF\xBF\xBD"
       "A\""},
      {"'\xF0\x9F\x98\x80'", "\"\xF0\x9F\x98\x80\""},
      {"1 = 1", "1"},
  };
  for (const auto& [sql, json] : values) {
    CAPTURE(sql);
    CHECK_THAT(db.raw("SELECT " + sql).body, Catch::Matchers::ContainsSubstring("\"rows\":[[" + json + "]]"));
  }
}

TEST_CASE("embedded D1: parameters bind as the engine binds them: numbers and booleans as REAL, byte arrays as BLOB") {
  LocalApi api;
  LocalD1 db(api);
  CHECK(db.rows("SELECT typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), typeof(?)",
                {1, 1.5, true, nullptr, "x", {1, 2}}) ==
        Json::parse(R"([["real","real","real","null","text","blob"]])"));
  CHECK(db.rows("SELECT ?, ?", {true, false}) == Json::parse("[[1,0]]"));
  CHECK(db.rows("SELECT hex(?)", {{0, 255, 256, -1, 1.9}}) == Json::parse(R"([["00FF00FF01"]])"));
  CHECK(db.rows("SELECT ?", Json::parse("[[]]")) == Json::parse("[[[]]]"));
  CHECK(db.rows("SELECT ?2, ?1", {1, 2}) == Json::parse("[[2,1]]"));
  CHECK(db.rows("SELECT :a, @b, $c, :a", {1, 2, 3}) == Json::parse("[[1,2,3,1]]"));
  CHECK(db.rows("SELECT ?", {std::string("x\0y", 3)}).at(0).at(0) == std::string("x\0y", 3));
  CHECK(db.raw("SELECT ?", Json::parse("[18446744073709551616]")).status == 200);
  CHECK(db.raw("SELECT ?", Json::parse("[1e300]")).status == 200);

  db.run("CREATE TABLE t (i INTEGER, r REAL, s TEXT, n)");
  CHECK(db.rows("INSERT INTO t VALUES (?1, ?1, ?1, ?1) RETURNING typeof(i), typeof(r), typeof(s), typeof(n)", {5}) ==
        Json::parse(R"([["integer","real","text","real"]])"));
}

TEST_CASE("embedded D1: parameters of the wrong number or kind are refused") {
  LocalApi api;
  LocalD1 db(api);
  for (const auto& [sql, params] : std::vector<std::pair<std::string, Json>>{
           {"SELECT ?", Json::array()}, {"SELECT ?", {1, 2}}, {"SELECT 1", {1}}, {"SELECT ?5", {1}}})
    CHECK(db.error(sql, params) == "Wrong number of parameter bindings for SQL query.");
  for (const char* params : {R"([{"a":1}])", R"([[[1]]])", R"([["a"]])", R"("x")", R"({"a":1})"}) {
    const Answer refused = db.post("/query", {{"sql", "SELECT ?"}, {"params", Json::parse(params)}});
    CHECK(refused.code() == 7400);
    CHECK_FALSE(refused.json().contains("result"));  // D1's own checks leave it out
  }
  for (const char* body : {"{", "[]", "{}", R"({"sql":5})", R"({"batch":{}})", R"({"batch":[5]})", R"({"batch":[{}]})"})
    CHECK(api.account("POST", db.path + "/query", body).code() == 7400);
}

TEST_CASE("embedded D1: several statements give a result each, but take no parameters") {
  LocalApi api;
  LocalD1 db(api);
  const Json results =
      db.raw("CREATE TABLE t (a); INSERT INTO t VALUES ('x;y') ; -- one; two\nSELECT a FROM t;").result();
  REQUIRE(results.size() == 3);
  CHECK(results.at(1).at("meta").at("changes") == 1);
  CHECK(results.at(2).at("results").at("rows") == Json::parse(R"([["x;y"]])"));
  const Answer refused = db.raw("SELECT ?; SELECT 2", {1});
  CHECK(refused.status == 400);
  CHECK(refused.code() == 7400);
  CHECK(refused.message() == "params with multiple statements is not supported");
  CHECK(db.raw("SELECT ?; ", {1}).status == 200);
  CHECK(db.error("") == "No SQL statements detected.");
  CHECK(db.error(" \n") == "No SQL statements detected.");
  CHECK(db.error("-- nothing") == "SQL code did not contain a statement.");
  CHECK(db.error(";") == "SQL code did not contain a statement.");
}

TEST_CASE("embedded D1: a batch, and a text of several statements, is one transaction") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  const Json one = {{"sql", "INSERT INTO t VALUES (?)"}, {"params", {1}}};
  const Answer twice = db.post("/query", {{"batch", {one, one}}});
  CHECK(twice.status == 400);
  CHECK(twice.message() ==
        "UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)");
  CHECK(db.rows("SELECT count(*) FROM t") == Json::parse("[[0]]"));
  CHECK(db.error("INSERT INTO t VALUES (5); INSERT INTO nope VALUES (1)") == "no such table: nope: SQLITE_ERROR");
  CHECK(db.error("INSERT OR ROLLBACK INTO t VALUES (6), (6)").starts_with("UNIQUE constraint failed"));
  CHECK(db.rows("SELECT count(*) FROM t") == Json::parse("[[0]]"));
  const Json good = db.post("/raw", {{"batch", {one, {{"sql", "SELECT id FROM t"}}}}}).result();
  CHECK(good.at(1).at("results").at("rows") == Json::parse("[[1]]"));
  CHECK(db.post("/query", {{"batch", Json::array()}}).message() == "No SQL statements detected.");
}

TEST_CASE("embedded D1: foreign keys are on, and may be deferred to the end of a batch") {
  LocalApi api;
  LocalD1 db(api);
  db.raw("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE k (p INT REFERENCES p (id))");
  const std::string text = "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)";
  CHECK(db.error("INSERT INTO k VALUES (1)") == text);
  const Json defer = {{"sql", "PRAGMA defer_foreign_keys = on"}};
  const Json child = {{"sql", "INSERT INTO k VALUES (1)"}};
  CHECK(db.post("/query", {{"batch", {defer, child}}}).message() == text);
  CHECK(db.post("/query", {{"batch", {defer, child, {{"sql", "INSERT INTO p VALUES (1)"}}}}}).status == 200);
  CHECK(db.rows("SELECT * FROM k") == Json::parse("[[1]]"));
}

TEST_CASE("embedded D1: meta tells changes, last row id, size and whether the database changed") {
  LocalApi api;
  LocalD1 db(api);
  const Json made = db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)").at("meta");
  CHECK(made.at("changed_db") == true);
  CHECK(made.at("changes") == 0);
  const Json inserted = db.run("INSERT INTO t VALUES (7, 'a'), (8, 'b')").at("meta");
  CHECK(inserted.at("changes") == 2);
  CHECK(inserted.at("last_row_id") == 8);
  CHECK(inserted.at("rows_written") == 2);
  CHECK(inserted.at("size_after").get<int>() > 0);
  CHECK(inserted.at("duration").is_number());
  CHECK(inserted.at("timings").at("sql_duration_ms").is_number());
  const Json read = db.run("SELECT * FROM t").at("meta");
  CHECK(read.at("changed_db") == false);
  CHECK(read.at("changes") == 0);
  CHECK(read.at("rows_read") == 2);
  CHECK(db.run("SELECT 1").at("meta").at("rows_read") == 0);
  CHECK(db.run("DELETE FROM t WHERE id = 99").at("meta").at("changed_db") == false);
}

TEST_CASE("embedded D1: errors read as the engine's") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT UNIQUE, n INT NOT NULL DEFAULT 0, c INT CHECK (c < 10))");
  db.run("CREATE TABLE st (a INT) STRICT");
  db.run("CREATE TRIGGER g BEFORE INSERT ON t WHEN NEW.id > 100 BEGIN SELECT RAISE(ABORT, 'too big'); END");
  db.run("INSERT INTO t (s) VALUES ('a')");
  const std::vector<std::pair<std::string, std::string>> errors{
      {"selec 1", R"(near "selec": syntax error at offset 0: SQLITE_ERROR)"},
      {"SELECT 1 +", "incomplete input: SQLITE_ERROR"},
      {"SELECT 'abc", R"(unrecognized token: "'abc" at offset 7: SQLITE_ERROR)"},
      {"SELECT nope FROM t", "no such column: nope at offset 7: SQLITE_ERROR"},
      {"SELECT nofunc(1)", "no such function: nofunc at offset 7: SQLITE_ERROR"},
      {"SELECT * FROM nope", "no such table: nope: SQLITE_ERROR"},
      {"CREATE TABLE t (a)", "table t already exists at offset 13: SQLITE_ERROR"},
      {"INSERT INTO t VALUES (1, 2)", "table t has 4 columns but 2 values were supplied: SQLITE_ERROR"},
      {"INSERT INTO t (s) VALUES ('a')",
       "UNIQUE constraint failed: t.s: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"},
      {"INSERT INTO t (n) VALUES (NULL)",
       "NOT NULL constraint failed: t.n: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_NOTNULL)"},
      {"INSERT INTO t (c) VALUES (11)",
       "CHECK constraint failed: c < 10: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_CHECK)"},
      {"INSERT INTO t (id) VALUES (101)", "too big: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_TRIGGER)"},
      {"INSERT INTO st VALUES ('x')",
       "cannot store TEXT value in INT column st.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_DATATYPE)"},
      {"INSERT INTO t (id) VALUES ('x')", "datatype mismatch: SQLITE_MISMATCH"},
      {"SELECT abs(-9223372036854775808)", "integer overflow: SQLITE_ERROR"},
      {"SELECT json('{bad')", "malformed JSON: SQLITE_ERROR"},
      {"DELETE FROM sqlite_master", "table sqlite_master may not be modified: SQLITE_ERROR"},
  };
  for (const auto& [sql, text] : errors) CHECK(db.error(sql) == text);
}

TEST_CASE("embedded D1: what D1 does not authorise is refused, and leaves the database usable") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (a)");
  for (const char* sql :
       {"ATTACH 'x' AS y", "DETACH y", "CREATE TEMP TABLE x (a)", "CREATE TEMP VIEW x AS SELECT 1",
        "CREATE TABLE _cf_x (a)", "CREATE INDEX _cf_i ON t (a)", "CREATE VIRTUAL TABLE x USING rtree(a, b, c)",
        "PRAGMA user_version", "PRAGMA journal_mode = off", "PRAGMA table_info", "PRAGMA writable_schema = 1",
        "PRAGMA page_count"})
    CHECK(db.error(sql) == "not authorized: SQLITE_AUTH");
  CHECK(db.error("SELECT sqlite_version()") ==
        "not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR");
  for (const char* sql : {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT x", "RELEASE x"})
    CHECK_THAT(db.error(sql), Catch::Matchers::StartsWith("To execute a transaction, please use"));
  CHECK(db.error("VACUUM") == "cannot VACUUM from within a transaction: SQLITE_ERROR");
  CHECK(db.error("SELECT * FROM dbstat") == "no such table: dbstat: SQLITE_ERROR");
  for (const char* sql :
       {"PRAGMA table_info(t)", "PRAGMA table_list", "PRAGMA index_list(t)", "PRAGMA foreign_key_check",
        "PRAGMA optimize", "SELECT * FROM pragma_table_info('t')", "SELECT value FROM json_each('[1]')",
        "CREATE VIRTUAL TABLE f USING fts5(x)", "INSERT INTO f VALUES ('hello')", "SELECT * FROM f('hello')",
        "ALTER TABLE t ADD COLUMN b", "ALTER TABLE t RENAME COLUMN b TO c", "ALTER TABLE t DROP COLUMN c", "ANALYZE",
        "REINDEX", "EXPLAIN SELECT 1"})
    CHECK(db.raw(sql).status == 200);
  CHECK(db.rows("PRAGMA foreign_keys") == Json::parse("[[1]]"));
}

TEST_CASE("embedded D1: a read without end stops at the reply limit, and the database goes on") {
  LocalApi api;
  LocalD1 db(api);
  const std::string body =
      R"({"sql":"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"})";
  cloudflare::HttpRequest request{.method = "POST",
                                  .url = "http://127.0.0.1/client/v4/accounts/local" + db.path + "/raw",
                                  .headers = {{"Authorization", "Bearer t"}},
                                  .body = body,
                                  .reply_limit = 100'000};
  CHECK_THROWS_WITH(api.send(request), Catch::Matchers::ContainsSubstring("100000 bytes"));
  CHECK(db.rows("SELECT 1") == Json::parse("[[1]]"));
}
