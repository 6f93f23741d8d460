// Names that D1 keeps for itself, and what counts as a table of the user.
#include "local_d1_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded D1: no object is made with, or renamed to, a name that begins with _cf_") {
  LocalApi api;
  LocalD1 db(api);
  db.raw("CREATE TABLE t (a); CREATE VIRTUAL TABLE f USING fts5(x); CREATE VIEW v AS SELECT 1");
  for (const char* sql :
       {"CREATE TABLE _cf_x (a)", "CREATE TABLE IF NOT EXISTS \"_cf_x\" (a)", "CREATE TABLE _cf_x AS SELECT 1",
        "CREATE VIEW _cf_x AS SELECT 1", "CREATE INDEX _cf_x ON t (a)",
        "CREATE TRIGGER _cf_x AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE VIRTUAL TABLE _cf_x USING fts5(a)",
        "CREATE VIRTUAL TABLE _cf_x USING fts5vocab(f, row)", "ALTER TABLE t RENAME TO _cf_x",
        "ALTER TABLE t RENAME TO \"_cf_x\"", "ALTER TABLE main.t RENAME TO [_cf_x]", "ALTER TABLE f RENAME TO _cf_x",
        "/* a comment */ alter table t rename to '_cf_x' -- and another"}) {
    CAPTURE(sql);
    CHECK(db.error(sql) == "not authorized: SQLITE_AUTH");
  }
  for (const char* sql :
       {"CREATE TABLE sqlite_x (a)", "ALTER TABLE t RENAME TO sqlite_x", "CREATE VIEW sqlite_x AS SELECT 1",
        "CREATE INDEX sqlite_x ON t (a)", "CREATE TRIGGER sqlite_x AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE sqlite_x USING fts5(a)"})
    CHECK_THAT(db.error(sql), Catch::Matchers::StartsWith("object name reserved for internal use: sqlite_x"));
  CHECK(db.rows("SELECT count(*) FROM sqlite_schema WHERE name GLOB '_cf_*'") == Json::parse("[[0]]"));

  // Columns and aliases are free, and other tables keep their right to be renamed, also when many statements follow.
  CHECK(db.raw("ALTER TABLE t RENAME COLUMN a TO _cf_a").status == 200);
  CHECK(db.raw("ALTER TABLE t ADD COLUMN _cf_b").status == 200);
  CHECK(db.raw("WITH _cf_c AS (SELECT 1 AS _cf_d) SELECT * FROM _cf_c").status == 200);
  CHECK(db.raw("CREATE TABLE u (a REFERENCES t); ALTER TABLE u RENAME TO w; ALTER TABLE f RENAME TO g").status == 200);
  CHECK(db.error("SELECT 1; ALTER TABLE w RENAME TO _cf_w") == "not authorized: SQLITE_AUTH");
  CHECK(db.rows("SELECT count(*) FROM w") == Json::parse("[[0]]"));
}

TEST_CASE("embedded D1: num_tables counts what the user made, without the shadow tables of full-text search") {
  LocalApi api;
  LocalD1 db(api);
  const auto count = [&] { return api.account("GET", db.path).result().at("num_tables"); };
  CHECK(count() == 0);
  db.raw("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIEW v AS SELECT 1; CREATE INDEX i ON t (id)");
  CHECK(count() == 1);
  db.run("CREATE VIRTUAL TABLE f USING fts5(x)");
  CHECK(count() == 2);
  db.run("CREATE TABLE f_mine (a)");
  CHECK(count() == 3);
  db.run("ANALYZE");
  CHECK(count() == 3);
  db.raw("DROP TABLE f; DROP TABLE t");
  CHECK(count() == 1);
}
