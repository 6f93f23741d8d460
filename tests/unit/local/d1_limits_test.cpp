// Every documented limit of D1 in the embedded store, at the limit and one beyond. Cloudflare docs, "D1 limits".
#include "local_d1_support.hpp"

using namespace cloudflare_tests;

namespace {

std::string repeated(const std::string& text, int times, const std::string& between = ",") {
  std::string out;
  for (int i = 0; i < times; ++i) out += (i == 0 ? "" : between) + text;
  return out;
}

}  // namespace

TEST_CASE("embedded D1: 100 parameters are bound, 101 are too many") {
  LocalApi api;
  LocalD1 db(api);
  CHECK(db.raw("SELECT " + repeated("?", 100), Json(std::vector<int>(100, 1))).status == 200);
  CHECK(db.error("SELECT " + repeated("?", 101), Json(std::vector<int>(101, 1))) ==
        "too many SQL variables at offset 207: SQLITE_ERROR");
  CHECK(db.error("SELECT ?101", Json(std::vector<int>(101, 1))) ==
        "variable number must be between ?1 and ?100 at offset 7: SQLITE_ERROR");
}

TEST_CASE("embedded D1: a statement has 100 000 bytes, each of several by itself") {
  LocalApi api;
  LocalD1 db(api);
  const auto statement = [](std::size_t bytes) { return "SELECT '" + std::string(bytes - 9, 'x') + "'"; };
  CHECK(db.raw(statement(100'000)).status == 200);
  CHECK(db.error(statement(100'001)) == "statement too long: SQLITE_TOOBIG");
  CHECK(db.raw(statement(90'000) + ";" + statement(90'000)).result().size() == 2);
  CHECK(db.post("/raw", {{"batch", {{{"sql", statement(100'000)}}, {{"sql", statement(100'000)}}}}}).status == 200);
}

TEST_CASE("embedded D1: a string, a BLOB and a row have 2 000 000 bytes") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (v, w)");
  const std::string text = "string or blob too big: SQLITE_TOOBIG";
  CHECK(db.rows("SELECT length(?)", {std::string(2'000'000, 'x')}) == Json::parse("[[2000000]]"));
  CHECK(db.error("SELECT length(?)", {std::string(2'000'001, 'x')}) == text);
  CHECK(db.rows("SELECT length(zeroblob(2000000))") == Json::parse("[[2000000]]"));
  CHECK(db.error("SELECT length(zeroblob(2000001))") == text);
  CHECK(db.raw("INSERT INTO t VALUES (zeroblob(999990), zeroblob(999990))").status == 200);
  CHECK(db.error("INSERT INTO t VALUES (zeroblob(1000000), zeroblob(1000000))") == text);
}

TEST_CASE("embedded D1: 100 columns, 32 arguments of a function, 50 bytes of a LIKE or GLOB pattern") {
  LocalApi api;
  LocalD1 db(api);
  std::string columns = "c0";
  for (int i = 1; i < 100; ++i) columns += ",c" + std::to_string(i);
  CHECK(db.raw("CREATE TABLE c100 (" + columns + ")").status == 200);
  CHECK(db.error("CREATE TABLE c101 (" + columns + ",more)") == "too many columns on c101: SQLITE_ERROR");
  CHECK(db.error("ALTER TABLE c100 ADD COLUMN more") == "too many columns on sqlite_altertab_c100: SQLITE_ERROR");
  CHECK(db.raw("SELECT " + repeated("1", 100)).status == 200);
  CHECK(db.error("SELECT " + repeated("1", 101)) == "too many columns in result set: SQLITE_ERROR");

  CHECK(db.raw("SELECT max(" + repeated("1", 32) + ")").status == 200);
  CHECK_THAT(db.error("SELECT max(" + repeated("1", 33) + ")"),
             Catch::Matchers::StartsWith("too many arguments on function max"));

  CHECK(db.raw("SELECT 'a' LIKE '" + std::string(50, 'a') + "'").status == 200);
  for (const char* op : {"LIKE", "GLOB"})
    CHECK(db.error("SELECT 'a' " + std::string(op) + " '" + std::string(51, 'a') + "'") ==
          "LIKE or GLOB pattern too complex: SQLITE_ERROR");
}

TEST_CASE("embedded D1: depth of expressions and triggers and terms of a compound SELECT end where the engine's do") {
  LocalApi api;
  LocalD1 db(api);
  CHECK(db.raw("SELECT " + repeated("1", 100, "+")).status == 200);
  CHECK(db.error("SELECT " + repeated("1", 101, "+")) ==
        "Expression tree is too large (maximum depth 100): SQLITE_ERROR");
  CHECK(db.raw(repeated("SELECT 1", 5, " UNION ALL ")).status == 200);
  CHECK(db.error(repeated("SELECT 1", 6, " UNION ALL ")) == "too many terms in compound SELECT: SQLITE_ERROR");
  db.run("CREATE TABLE r (a)");
  db.run("CREATE TRIGGER g AFTER INSERT ON r WHEN NEW.a < 50 BEGIN INSERT INTO r VALUES (NEW.a + 1); END");
  db.run("PRAGMA recursive_triggers = on");
  CHECK(db.error("INSERT INTO r VALUES (1)") == "too many levels of trigger recursion: SQLITE_ERROR");
}
