// Import, export and migrations. On `Real` the engine runs the SQL, and the mapping does the steps around it.

#include <algorithm>
#include <filesystem>

#include "contract/counterpart.hpp"
#include "support/process.hpp"

using namespace contract;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
namespace d1 = cloudflare::d1;

namespace {

const d1::ImportOptions import_quickly{.poll_interval = std::chrono::milliseconds(1)};
const d1::ExportOptions export_quickly{.poll_interval = std::chrono::milliseconds(1)};

const std::string odd_sql =
    "-- a comment; with a semicolon\r\n"
    "CREATE TABLE log (note);\r\n"
    "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, s TEXT, r REAL, b BLOB);\n"
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('t;' || NEW.id); SELECT 1; END;\n"
    "INSERT INTO t (s, r, b) VALUES ('it''s; -- no comment', 0.5, x'00ff'), (NULL, -1, NULL); /* ; */\n"
    "CREATE VIEW v AS SELECT s FROM t;\n"
    "CREATE INDEX i ON t (s)";

std::string exported(const cloudflare::D1Database& db) {
  std::string text;
  const auto done = db.export_to(cloudflare::sink_to([&](std::string_view piece) { text += piece; }), export_quickly);
  CHECK(done.bytes == text.size());
  CHECK_FALSE(done.filename.empty());
  return text;
}

std::int64_t count(const FreshDatabase& db, const std::string& from) {
  return db->query_value<std::int64_t>("SELECT count(*) FROM " + from).value();
}

}  // namespace

CONTRACT_CASE("an import runs every statement of a file: comments, strings, triggers, CRLF", "", Embedded, Real) {
  const FreshDatabase db = cloud.fresh_database();
  const auto done = db->import_sql(odd_sql, import_quickly);
  CHECK(done.num_queries == 6);
  CHECK(done.bytes == odd_sql.size());
  CHECK_FALSE(done.final_bookmark.empty());
  CHECK(db->query_value<std::string>("SELECT group_concat(note) FROM log") == "t;1,t;2");
  CHECK(db->query_value<std::string>("SELECT s FROM v WHERE s NOT NULL") == "it's; -- no comment");

  const auto again = db->import_sql(odd_sql, import_quickly);
  CHECK(again.already_uploaded);
  CHECK(count(db, "t") == 2);
}

CONTRACT_CASE("an import that fails passes on SQLite's text and leaves the database as it was", "", Embedded, Real) {
  const FreshDatabase db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  for (const auto& [sql, text] : std::vector<std::pair<std::string, std::string>>{
           {"INSERT INTO t VALUES (1); INSERT INTO nope VALUES (1);", "no such table: nope"},
           {"INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (1);", "UNIQUE constraint failed: t.id"}}) {
    const auto error = error_of([&, &sql = sql] { db->import_sql(sql, import_quickly); });
    CHECK(error.kind() == ErrorKind::rejected);
    CHECK(std::string(error.what()).find(text) != std::string::npos);
    CHECK_FALSE(error.outcome_unknown());
    CHECK(count(db, "t") == 0);
  }
}

CONTRACT_CASE("what was exported is imported into an equal database", "", Embedded, Real) {
  const FreshDatabase from = cloud.fresh_database();
  const FreshDatabase to = cloud.fresh_database();
  from->import_sql(odd_sql, import_quickly);
  from->execute(
      "CREATE TABLE \"a name\" (x UNIQUE); INSERT INTO \"a name\" VALUES ('line' || char(10) || 'two'), (1.5)");
  const std::string text = exported(*from);
  to->import_sql(text, import_quickly);
  for (const char* sql :
       {"SELECT id, s, r, hex(b), typeof(r) FROM t", "SELECT * FROM log", "SELECT * FROM \"a name\"",
        "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY 1, 2"})
    CHECK(to->query_json(sql) == from->query_json(sql));
  CHECK(exported(*to) == text);
}

CONTRACT_CASE("an export may leave out data or schema, or hold some tables only", "", Embedded, Real) {
  const FreshDatabase db = cloud.fresh_database();
  db->execute("CREATE TABLE a (x); CREATE TABLE b (y); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
  const auto holds = [&](d1::ExportOptions options) {
    options.poll_interval = export_quickly.poll_interval;
    std::string text;
    db->export_to(cloudflare::sink_to([&](std::string_view piece) { text += piece; }), options);
    std::string found;
    for (const char* part : {"CREATE TABLE a", "INSERT INTO \"a\"", "CREATE TABLE b", "INSERT INTO \"b\""})
      found += text.find(part) != std::string::npos ? '+' : '-';
    return found;
  };
  CHECK(holds({}) == "++++");
  CHECK(holds({.no_data = true}) == "+-+-");
  CHECK(holds({.no_schema = true}) == "-+-+");
  CHECK(holds({.tables = {"b"}}) == "--++");
}

CONTRACT_CASE("migrations run once each in order; one that fails leaves nothing behind", "", Embedded, Real) {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("0001_t.sql"), "CREATE TABLE t (a UNIQUE);\nINSERT INTO t VALUES ('a;b')");
  support::write_file(folder.file("0002_bad.sql"), "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1);");
  support::write_file(folder.file("0010_last.sql"), "INSERT INTO t VALUES (10);\n-- end");
  const FreshDatabase db = cloud.fresh_database();
  const auto stopped = db->migrate(folder.file(""));
  CHECK(stopped.applied == std::vector<std::string>{"0001_t.sql"});
  REQUIRE(stopped.failure);
  CHECK(stopped.failure->name == "0002_bad.sql");
  CHECK(stopped.failure->error.code() == ErrorCode::d1_sql);
  CHECK(std::string(stopped.failure->error.what()).find("UNIQUE constraint failed: t.a") != std::string::npos);
  CHECK(count(db, "t") == 1);
  CHECK(count(db, "d1_migrations") == 1);

  support::write_file(folder.file("0002_bad.sql"),
                      "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = a; SELECT ';'; END");
  const auto repaired = db->migrate(folder.file(""));
  CHECK(repaired.earlier == std::vector<std::string>{"0001_t.sql"});
  CHECK(repaired.applied == std::vector<std::string>{"0002_bad.sql", "0010_last.sql"});
  CHECK(count(db, "t") == 2);
  CHECK(db->migrate(folder.file("")).applied.empty());
}

CONTRACT_CASE("folders of migrations run as files do, and a large one is imported with its record", "", Embedded,
              Real) {
  const support::TemporaryFolder folder;
  const auto add = [&](const std::string& name, const std::string& sql) {
    std::filesystem::create_directory(folder.file(name));
    support::write_file(folder.file(name + "/migration.sql"), sql);
  };
  add("20260101_t", "CREATE TABLE t (a UNIQUE);--> statement-breakpoint\nINSERT INTO t VALUES ('a;b');");
  add("20260102_large", "INSERT INTO t VALUES ('" + std::string(90'000, 'x') + "');\nINSERT INTO t VALUES ('" +
                            std::string(90'000, 'y') + "')");
  const FreshDatabase db = cloud.fresh_database();
  const auto migrate = [&] { return db->migrate(folder.file(""), {.poll_interval = std::chrono::milliseconds(1)}); };
  const auto done = migrate();
  if (done.failure) FAIL(done.failure->error.what());
  CHECK(done.applied == std::vector<std::string>{"20260101_t/migration.sql", "20260102_large/migration.sql"});
  CHECK(count(db, "t") == 3);
  CHECK(db->query_value<std::string>("SELECT group_concat(name) FROM (SELECT name FROM d1_migrations ORDER BY id)") ==
        "20260101_t/migration.sql,20260102_large/migration.sql");
  add("20260103_bad", "INSERT INTO t VALUES ('" + std::string(99'000, 'z') + "');\n-- " + std::string(2'000, '-') +
                          "\nINSERT INTO t VALUES ('a;b');");
  const auto stopped = migrate();
  REQUIRE(stopped.failure);
  CHECK(stopped.failure->name == "20260103_bad/migration.sql");
  CHECK(std::string(stopped.failure->error.what()).find("UNIQUE constraint failed: t.a") != std::string::npos);
  CHECK(count(db, "t") == 3);
  CHECK(count(db, "d1_migrations") == 2);
}

CONTRACT_CASE("a dump is imported in parts, each of which takes effect by itself", "", Embedded, Real) {
  const FreshDatabase db = cloud.fresh_database();
  const d1::ImportOptions parts{.split_bytes = 1, .poll_interval = std::chrono::milliseconds(1)};
  const auto done = db->import_sql("PRAGMA defer_foreign_keys=TRUE;\n" + odd_sql, parts);
  CHECK(done.parts == 7);
  CHECK(db->query_value<std::string>("SELECT group_concat(note) FROM log") == "t;1,t;2");
  CHECK(db->query_value<std::string>("SELECT s FROM v WHERE s NOT NULL") == "it's; -- no comment");

  std::string resume;
  const std::string more = "INSERT INTO t (s) VALUES ('three');\nINSERT INTO nope VALUES (1);\n";
  try {
    db->import_sql(more, parts);
  } catch (const cloudflare::Error& error) {
    CHECK(error.kind() == ErrorKind::rejected);
    CHECK(std::string(error.what()).find("part 2 (statements 2 to 2, from line 2)") != std::string::npos);
    resume = error.result();
  }
  CHECK(count(db, "t") == 3);
  db->execute("CREATE TABLE nope (a)");
  d1::ImportOptions rest = parts;
  rest.resume = resume;
  CHECK(db->import_sql(more, rest).parts == 1);
  CHECK(count(db, "t") == 3);
  CHECK(count(db, "nope") == 1);
}
