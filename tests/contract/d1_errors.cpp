// Errors: SQLite's texts with code 7500, D1's limits, databases that are not there.

#include "contract/counterpart.hpp"

using namespace contract;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
namespace d1 = cloudflare::d1;

namespace {

const std::string unknown_id = "00000000-0000-4000-8000-000000000000";  // NOLINT(cert-err58-cpp)

void check_sql_error(const cloudflare::Error& error, const std::string& text) {
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.http_status() == 400);
  CHECK(error.code() == ErrorCode::d1_sql);
  REQUIRE(error.messages().size() == 1);
  CHECK(error.messages()[0].message == text);
  CHECK_FALSE(error.outcome_unknown());
  CHECK(error.attempts() == 1);
}

/// The tables that the statements below are about.
void make_tables(const cloudflare::D1Database& db) {
  db.execute(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL DEFAULT '', c INT CHECK (c < 10));"
      "CREATE TABLE child (t_id INTEGER REFERENCES t (id));"
      "INSERT INTO t (id, u) VALUES (1, 'taken')");
}

/// A statement that fails with `text`, and leaves the database as it was.
void check_fails(contract::Counterpart& cloud, const std::string& sql, const std::string& text) {
  const auto db = cloud.fresh_database();
  make_tables(*db);
  check_sql_error(error_of([&] { db->execute(sql); }), text);
  CHECK(db->query_value<int>("SELECT count(*) FROM t") == 1);
}

std::string list_of(int count) {
  std::string list = "c0";
  for (int i = 1; i < count; ++i) list += ",c" + std::to_string(i);
  return list;
}

std::string ones(int count) {
  std::string list = "1";
  for (int i = 1; i < count; ++i) list += ",1";
  return list;
}

}  // namespace

CONTRACT_CASE("SQL error: syntax", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "selec 1", "near \"selec\": syntax error at offset 0: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: text that ends too early", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "SELECT 1 +", "incomplete input: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: no such table", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "SELECT * FROM nope", "no such table: nope: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: no such column", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "SELECT nope FROM t", "no such column: nope at offset 7: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: no such function", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "SELECT nofunc(1)", "no such function: nofunc at offset 7: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: a table that is there already", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "CREATE TABLE t (a)", "table t already exists at offset 13: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: the wrong number of values", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "INSERT INTO t VALUES (1, 2)", "table t has 4 columns but 2 values were supplied: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: PRIMARY KEY", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "INSERT INTO t (id) VALUES (1)",
              "UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)");
}
CONTRACT_CASE("SQL error: UNIQUE", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "INSERT INTO t (u) VALUES ('taken')",
              "UNIQUE constraint failed: t.u: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)");
}
CONTRACT_CASE("SQL error: NOT NULL", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "INSERT INTO t (n) VALUES (NULL)",
              "NOT NULL constraint failed: t.n: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_NOTNULL)");
}
CONTRACT_CASE("SQL error: CHECK", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "INSERT INTO t (c) VALUES (11)",
              "CHECK constraint failed: c < 10: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_CHECK)");
}
CONTRACT_CASE("SQL error: FOREIGN KEY", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "INSERT INTO child VALUES (99)",
              "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)");
}
CONTRACT_CASE("SQL error: a row id that is not an integer", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "INSERT INTO t (id) VALUES ('x')", "datatype mismatch: SQLITE_MISMATCH");
}
CONTRACT_CASE("SQL error: malformed JSON", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "SELECT json('{bad')", "malformed JSON: SQLITE_ERROR");
}
CONTRACT_CASE("SQL error: what D1 does not authorise", "[d1][errors]", Embedded, Real) {
  check_fails(cloud, "ATTACH 'other' AS o", "not authorized: SQLITE_AUTH");
}
CONTRACT_CASE("SQL error: a transaction of one's own", "[d1][errors]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto error = error_of([&] { db->execute("BEGIN TRANSACTION"); });
  CHECK(error.code() == ErrorCode::d1_sql);
  CHECK_THAT(std::string(error.what()), Catch::Matchers::ContainsSubstring("To execute a transaction"));
}
CONTRACT_CASE("SQL error: too few and too many parameters", "[d1][errors]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  for (const d1::Params& params : {d1::Params{}, d1::Params{1, 2}})
    check_sql_error(error_of([&] { (void)db->query<int>("SELECT ?", params); }),
                    "Wrong number of parameter bindings for SQL query.");
}
CONTRACT_CASE("SQL error: no statement, which the client refuses itself, or a comment behind the last semicolon",
              "[d1][errors]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const std::string path = cloud.account_path() + "/d1/database/" + db->id() + "/raw";
  const auto sent_by_hand = [&](const char* sql) {
    return error_of([&] { (void)cloud.account().request("POST", path, {{"sql", sql}}); });
  };
  check_sql_error(sent_by_hand("-- only a comment"), "SQL code did not contain a statement.");
  check_sql_error(sent_by_hand(""), "No SQL statements detected.");
  for (const char* sql : {"-- only a comment", ""})
    CHECK(error_of([&] { db->execute(sql); }).kind() == ErrorKind::invalid_argument);
  check_sql_error(error_of([&] { db->execute("SELECT 1; -- end"); }), "SQL code did not contain a statement.");
}

// SHARP EDGE: drizzle-orm#2479, #2659.
CONTRACT_CASE("100 parameters are bound; 101 are refused by the client with the limit, and by the server with 7500",
              "[d1][limits]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto one_of = [](int n) {
    std::string sql = "SELECT 1 IN (?";
    for (int i = 1; i < n; ++i) sql += ",?";
    return sql + ")";
  };
  CHECK(db->query_value<int>(one_of(100), d1::Params(100, 1)) == 1);
  const auto local = error_of([&] { (void)db->query<int>(one_of(101), d1::Params(101, 1)); });
  CHECK(local.kind() == ErrorKind::invalid_argument);
  CHECK(local.attempts() == 0);
  CHECK_THAT(std::string(local.what()),
             Catch::Matchers::ContainsSubstring("101 parameters") && Catch::Matchers::ContainsSubstring("at most 100"));
  const auto unchecked = db->with({.check_limits = false});
  check_sql_error(error_of([&] { (void)unchecked.query<int>(one_of(101), d1::Params(101, 1)); }),
                  "too many SQL variables at offset 213: SQLITE_ERROR");
}

CONTRACT_CASE("100 000 bytes of SQL run; one more is refused by the client with the limit, and by the server",
              "[d1][limits]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto statement = [](std::size_t bytes) { return "SELECT '" + std::string(bytes - 9, 'x') + "'"; };
  CHECK(db->query_value<std::string>(statement(100'000))->size() == 99'991);
  const auto local = error_of([&] { (void)db->query<std::string>(statement(100'001)); });
  CHECK(local.kind() == ErrorKind::invalid_argument);
  CHECK_THAT(std::string(local.what()),
             Catch::Matchers::ContainsSubstring("100001") && Catch::Matchers::ContainsSubstring("100000"));
  check_sql_error(error_of([&] { (void)db->with({.check_limits = false}).query<std::string>(statement(100'001)); }),
                  "statement too long: SQLITE_TOOBIG");
  CHECK(db->execute(statement(60'000) + ";" + statement(60'000)).size() == 2);  // each by itself
}

CONTRACT_CASE("100 columns and 50 bytes of a LIKE pattern are the server's limits", "[d1][limits]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE wide (" + list_of(100) + ")");
  check_sql_error(error_of([&] { db->execute("CREATE TABLE wider (" + list_of(101) + ")"); }),
                  "too many columns on wider: SQLITE_ERROR");
  CHECK(db->query_value<int>("SELECT 'x' LIKE ?", {std::string(50, '%')}) == 1);
  check_sql_error(error_of([&] { (void)db->query<int>("SELECT 'x' LIKE ?", {std::string(51, '%')}); }),
                  "LIKE or GLOB pattern too complex: SQLITE_ERROR");
}

CONTRACT_CASE("32 arguments of a function run, 128 do not", "[d1][limits]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<int>("SELECT max(" + ones(32) + ")") == 1);
  check_sql_error(error_of([&] { (void)db->query<int>("SELECT max(" + ones(128) + ")"); }),
                  "too many arguments on function max at offset 7: SQLITE_ERROR");
}

CONTRACT_CASE("a value that grows far beyond 2 000 000 bytes on the server is the server's error", "[d1][limits]",
              Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<int>("SELECT length(zeroblob(2000000))") == 2'000'000);
  check_sql_error(error_of([&] { (void)db->query<int>("SELECT length(zeroblob(3000000))"); }),
                  "string or blob too big: SQLITE_TOOBIG");
}

// The engine of miniflare is more lenient than Cloudflare's documentation (README.md, "Differences").
CONTRACT_CASE("33 arguments of a function and a value of 2 000 001 bytes are refused", "[d1][limits]", Embedded) {
  const auto db = cloud.fresh_database();
  check_sql_error(error_of([&] { (void)db->query<int>("SELECT max(" + ones(33) + ")"); }),
                  "too many arguments on function max at offset 7: SQLITE_ERROR");
  check_sql_error(error_of([&] { (void)db->query<int>("SELECT length(zeroblob(2000001))"); }),
                  "string or blob too big: SQLITE_TOOBIG");
}

CONTRACT_CASE("a database that is not there is not_found with code 7404", "[d1][errors]", Embedded, Real) {
  const auto db = cloud.client().d1(unknown_id);
  for (const auto& error :
       {error_of([&] { (void)db.query<int>("SELECT 1"); }), error_of([&] { db.execute("DELETE FROM t"); }),
        error_of([&] { db.batch({{.sql = "SELECT 1"}}); }), error_of([&] { (void)db.query_json("SELECT 1"); })}) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.http_status() == 404);
    CHECK(error.code() == ErrorCode::d1_database_not_found);
    CHECK_FALSE(error.outcome_unknown());
  }
}

CONTRACT_CASE("an id that is not a UUID is refused before sending", "[d1][errors]", Embedded, Real) {
  for (const char* id : {"", "my-database", "../kv", "00000000-0000-4000-8000-00000000000g"}) {
    const auto error = error_of([&] { (void)cloud.client().d1(id).query<int>("SELECT 1"); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(error.attempts() == 0);
  }
}

CONTRACT_CASE("SQL and text that are not UTF-8 are refused before sending", "[d1][errors]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(error_of([&] { (void)db->query<int>("SELECT '\xFF'"); }).kind() == ErrorKind::invalid_argument);
  const auto error = error_of([&] { (void)db->query<int>("SELECT ?, ?", {1, "\xC3("}); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK_THAT(std::string(error.what()), Catch::Matchers::ContainsSubstring("parameter 2"));
}
