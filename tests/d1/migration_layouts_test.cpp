// Which files of a folder are migrations, in which order, and which of them are imported.

#include "migrations_support.hpp"

using namespace d1_tests;

namespace {

const std::string create = "CREATE TABLE t (a);";

std::string append(const std::string& value) { return "INSERT INTO t VALUES ('" + value + "');"; }

/// What the migrations wrote to `t`, in order.
std::string written(const Engine& engine) {
  return engine.direct().query_value<std::string>("SELECT ifnull(group_concat(a, ''), '') FROM t").value();
}

cf::Error refused_folder(const Folder& folder, const cf::d1::MigrateOptions& options = cf::d1::MigrateOptions()) {
  const Engine engine;
  const auto error = error_of([&] { (void)engine.db().migrate(folder.path(), options); });
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(engine.fake->requests().empty());
  return error;
}

/// SQL of more than `bytes` bytes in statements of 50 000.
std::string large(std::size_t bytes) {
  std::string sql;
  while (sql.size() <= bytes) sql += append(std::string(50'000, 'x'));
  return sql;
}

}  // namespace

TEST_CASE("Drizzle's folders of migrations are applied, and recorded by their path as wrangler records them") {
  Folder folder;
  folder.add("20260116020812_init/migration.sql", create + "--> statement-breakpoint\n" + append("1"))
      .add("20260116020812_init/snapshot.json", "{}")
      .add("20260116021603_add/migration.sql", append("2"))
      .add("meta/_journal.json", "{}")
      .add(".hidden/migration.sql", "syntax error");
  Engine engine;
  const Names all{"20260116020812_init/migration.sql", "20260116021603_add/migration.sql"};
  CHECK(engine.db().migrate(folder.path()).applied == all);
  CHECK(written(engine) == "12");
  CHECK(recorded(engine) == all[0] + "," + all[1]);
  CHECK(engine.db().migrate(folder.path()).earlier == all);

  Engine wrangler;  // packages/workers-utils/src/d1-migrations: the path relative to migrations_dir
  wrangler.direct().execute(
      "CREATE TABLE \"d1_migrations\"(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP "
      "DEFAULT CURRENT_TIMESTAMP NOT NULL); CREATE TABLE t (a); INSERT INTO \"d1_migrations\" (name)\nvalues "
      "('20260116020812_init/migration.sql');");
  CHECK(wrangler.db().migrate(folder.path(), {.pattern = "*/migration.sql"}).applied == Names{all[1]});
}

TEST_CASE("a folder without a migration is an error before any request, unless it is allowed") {
  CHECK(holds(refused_folder(Folder()).what(), "*/migration.sql"));
  Folder deep;
  deep.add("a/b/migration.sql", create).add("0001_a/up.sql", create);
  CHECK(holds(refused_folder(deep).what(), "no migration"));
  CHECK(holds(refused_folder(deep, {.pattern = "migrations/*/up.sql"}).what(), "relative to the folder"));

  const Engine engine;
  const auto none = engine.db().migrate(Folder().path(), {.allow_none = true});
  CHECK(none.complete());
  CHECK(none.applied.empty());
}

TEST_CASE("a folder with both layouts is refused unless the pattern tells which counts; both run in one order") {
  Folder folder;
  folder.add("0001_a.sql", create).add("0002_b/migration.sql", append("2")).add("0010_c.sql", append("10"));
  const auto error = refused_folder(folder);
  CHECK(holds(error.what(), "0001_a.sql"));
  CHECK(holds(error.what(), "0002_b/migration.sql"));
  CHECK(holds(error.what(), "pattern"));

  Engine flat;
  CHECK(flat.db().migrate(folder.path(), {.pattern = "*.sql"}).applied == Names{"0001_a.sql", "0010_c.sql"});
  Engine all;
  CHECK(all.db().migrate(folder.path(), {.pattern = "**/*.sql"}).complete());
  CHECK(written(all) == "210");
}

TEST_CASE("a pattern finds files as wrangler's glob does") {
  Folder folder;
  for (const char* name : {"1_a.sql", "1_a.sql.bak", "2/x.sql", "2/deep/y.sql", "3-c.sql", ".4.sql", "5/.z.sql",
                           "6/migration.sql", "7/migration.SQL", "\xC3\xBC.sql"})
    folder.add(name, append(name));
  Engine engine;
  engine.direct().execute(create);
  const auto found = [&](const std::string& pattern) {
    engine.direct().execute("DROP TABLE IF EXISTS d1_migrations");
    std::string names;
    for (const auto& name : engine.db().migrate(folder.path(), {.pattern = pattern, .allow_none = true}).applied)
      names += name + " ";
    return names;
  };
  CHECK(found("*.sql") == "1_a.sql 3-c.sql \xC3\xBC.sql ");
  CHECK(found("./*.sql") == "1_a.sql 3-c.sql \xC3\xBC.sql ");
  CHECK(found("?.sql") == "\xC3\xBC.sql ");
  CHECK(found("?_a.*") == "1_a.sql 1_a.sql.bak ");
  CHECK(found("*/*.sql") == "2/x.sql 6/migration.sql ");
  CHECK(found("*/migration.sql") == "6/migration.sql ");
  CHECK(found("2/**/*.sql") == "2/deep/y.sql 2/x.sql ");
  CHECK(found("**/*.sql") == "1_a.sql 2/deep/y.sql 2/x.sql 3-c.sql 6/migration.sql \xC3\xBC.sql ");
  CHECK(found("**/**/x.sql") == "2/x.sql ");
  CHECK(found("2/**") == "2/deep/y.sql 2/x.sql ");
  CHECK(found(".*.sql") == ".4.sql ");
  CHECK(found("5/.z.sql") == "5/.z.sql ");
  CHECK(found("*a*a*.sql").empty());
  CHECK(found("3-c.sql") == "3-c.sql ");
  CHECK(found("1_a.sql/x").empty());
  for (const char* pattern : {"../*.sql", "/etc/*.sql", "a//b", "*/", "./", "a/./b", "{a,b}.sql", "[ab].sql", "!a.sql",
                              "+(a).sql", "a\\b.sql"}) {
    INFO(pattern);
    CHECK(holds(refused_folder(folder, {.pattern = pattern}).what(), "pattern"));
  }
}

TEST_CASE("migrations run by number in each part of their path, as wrangler's; those without a number come last") {
  Folder folder;
  const Names sorted{"1_z.sql",   "2_a/1_b.sql", "2_a/10_a.sql",
                     "2_a/x.sql", "09_m.sql",    "10_a/a.sql",
                     "010_b.sql", "010_b/y.sql", "99999999999999999999999_big.sql",
                     "a/1.sql",   "b.sql"};
  for (const std::string& name : sorted) folder.add(name, "SELECT 1;");
  const Engine engine;
  CHECK(engine.db().migrate(folder.path(), {.pattern = "**/*.sql"}).applied ==
        Names{"1_z.sql", "2_a/1_b.sql", "2_a/10_a.sql", "2_a/x.sql", "09_m.sql", "010_b/y.sql", "010_b.sql",
              "10_a/a.sql", "99999999999999999999999_big.sql", "a/1.sql", "b.sql"});
}

TEST_CASE("links to files and folders are followed, but not by **, where they might lead in a circle") {
  Folder folder;
  folder.add("2_b/migration.sql", append("2"));
  std::filesystem::create_directory_symlink(folder.path(), folder.path() + "2_b/up");
  std::filesystem::create_directory_symlink(folder.path() + "2_b", folder.path() + "3_c");
  const Engine engine;
  engine.direct().execute(create);
  CHECK(engine.db().migrate(folder.path()).applied == Names{"2_b/migration.sql", "3_c/migration.sql"});
  CHECK(engine.db().migrate(folder.path(), {.table = "u", .pattern = "**/migration.sql"}).applied ==
        Names{"2_b/migration.sql"});
}

TEST_CASE("a large migration is imported, with its record as the last statement of the same file") {
  Folder folder;
  folder.add("1_a.sql", create).add("2_b.sql", large(100'000)).add("3_c.sql", append("last"));
  Engine engine;
  CHECK(engine.db().migrate(folder.path()).applied == Names{"1_a.sql", "2_b.sql", "3_c.sql"});
  CHECK(engine.actions() == Names{"raw", "raw", "init", "upload", "ingest", "poll", "raw"});
  CHECK(recorded(engine) == "1_a.sql,2_b.sql,3_c.sql");
  const std::string file = engine.fake->requests()[3].body;
  CHECK(file.ends_with("INSERT INTO \"d1_migrations\" (name) VALUES ('2_b.sql');\n"));
  CHECK(engine.count("t") == 3);

  Engine always;
  CHECK(always.db().migrate(folder.path(), {.import_above_bytes = 0}).complete());
  CHECK(std::ranges::count(always.actions(), "ingest") == 3);
  Engine never;
  CHECK(never.db().migrate(folder.path(), {.import_above_bytes = 1'000'000}).complete());
  CHECK(std::ranges::count(never.actions(), "ingest") == 0);
}

TEST_CASE("an imported migration that fails leaves neither its statements nor its record") {
  Folder folder;
  folder.add("1_a.sql", create).add("2_b.sql", large(100'000) + "INSERT INTO nope VALUES (1);").add("3_c.sql", create);
  Engine engine;
  const auto stopped = engine.db().migrate(folder.path());
  CHECK(stopped.applied == Names{"1_a.sql"});
  REQUIRE(stopped.failure);
  CHECK(stopped.failure->name == "2_b.sql");
  CHECK(stopped.failure->error.kind() == cf::ErrorKind::rejected);
  CHECK(holds(stopped.failure->error.what(), "no such table: nope"));
  CHECK(holds(stopped.failure->error.what(), "migration 2_b.sql"));
  CHECK_FALSE(stopped.failure->error.outcome_unknown());
  CHECK(engine.count("t") == 0);
  CHECK(recorded(engine) == "1_a.sql");
  folder.add("2_b.sql", large(100'000)).add("3_c.sql", append("3"));
  CHECK(engine.db().migrate(folder.path()).applied == Names{"2_b.sql", "3_c.sql"});
}

TEST_CASE("an imported migration whose outcome is lost is not run twice; the next run finds out") {
  Folder folder;
  folder.add("1_a.sql", create + large(100'000));
  Engine engine;
  engine.lose("ingest", 1);
  const auto lost = engine.db().migrate(folder.path());
  REQUIRE(lost.failure);
  CHECK(lost.failure->error.outcome_unknown());
  CHECK(engine.db().migrate(folder.path()).earlier == Names{"1_a.sql"});
  CHECK(engine.count("t") == 2);
}

TEST_CASE("an imported migration runs again after the database was taken back, although D1 knows files by their MD5") {
  Folder folder;
  folder.add("1_a.sql", create + large(100'000));
  Engine engine;
  const std::string before = engine.direct().bookmark();
  CHECK(engine.db().migrate(folder.path()).complete());
  engine.direct().restore(before);
  CHECK(engine.db().migrate(folder.path()).applied == Names{"1_a.sql"});
  CHECK(engine.count("t") == 2);
  const auto sent = engine.fake->requests();
  CHECK(json::parse(sent[1].body).at("etag") != json::parse(sent[6].body).at("etag"));
}

TEST_CASE("a migration to import may hold triggers, CRLF and a byte order mark; what the limits forbid is refused") {
  const std::string trigger =
      "CREATE TRIGGER g AFTER INSERT ON t\r\nBEGIN\r\n  UPDATE t SET a = 'seen' WHERE a = NEW.a;\r\nEND;\r\n";
  Folder folder;
  folder.add("1_a.sql", "\xEF\xBB\xBF" + create + "\r\n" + trigger + large(100'000) + "-- the end");
  Engine engine;
  const auto done = engine.db().migrate(folder.path());
  if (done.failure) FAIL(done.failure->error.what());
  CHECK(engine.count("t WHERE a = 'seen'") == 2);
  CHECK(engine.fake->requests()[2].body.find('\r') == std::string::npos);

  for (const std::string& bad :
       {"SELECT '" + std::string(100'000, 'x') + "';", large(100'000) + "\xFF", large(100'000) + "SELECT 'open"}) {
    Folder refused_one;
    refused_one.add("1_bad.sql", bad);
    const Engine untouched;
    const auto stopped = untouched.db().migrate(refused_one.path());
    REQUIRE(stopped.failure);
    CHECK(stopped.failure->error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(untouched.actions() == Names{"raw"});
  }
}

TEST_CASE("a stop token between two polls of an imported migration ends the run with an unknown outcome") {
  Folder folder;
  folder.add("1_a.sql", create + large(100'000));
  Engine engine;
  std::stop_source stop;
  engine.after("poll", 1, [&](const FakeReply&) {
    stop.request_stop();
    return cf::testing::ok(R"({"success":true,"status":"active","at_bookmark":"b"})");
  });
  const auto error = error_of([&] { (void)engine.db().with({.stop = stop.get_token()}).migrate(folder.path()); });
  CHECK(error.kind() == cf::ErrorKind::cancelled);
  CHECK(error.outcome_unknown());
  CHECK(holds(error.what(), "migration 1_a.sql"));
}
