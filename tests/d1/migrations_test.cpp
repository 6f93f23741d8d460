// Migrations of a folder, against the embedded store's engine.

#include "migrations_support.hpp"

using namespace d1_tests;

TEST_CASE("migrations are applied once each, by number, and recorded as wrangler does") {
  Folder folder;
  folder.add("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);")
      .add("0002_more.sql", "ALTER TABLE users ADD COLUMN age INT; INSERT INTO users VALUES (1, 'Ada', 36)")
      .add("10_last.sql", "UPDATE users SET age = age * 2;")
      .add("3_middle.sql", "UPDATE users SET age = age + 1;")
      .add("README.md", "not SQL")
      .add("0004_later.sql.bak", "not SQL either");
  Engine engine;
  Names told;
  const auto done =
      engine.db().migrate(folder.path(), {.on_applied = [&](const std::string& name) { told.push_back(name); }});
  const Names all{"0001_users.sql", "0002_more.sql", "3_middle.sql", "10_last.sql"};
  CHECK(done.complete());
  CHECK(done.applied == all);
  CHECK(done.earlier.empty());
  CHECK(told == all);
  CHECK(engine.direct().query_value<std::int64_t>("SELECT age FROM users") == 74);
  CHECK(recorded(engine) == "0001_users.sql,0002_more.sql,3_middle.sql,10_last.sql");
  CHECK(engine.fake->requests().size() == 5);

  const auto again = engine.db().migrate(folder.path());
  CHECK(again.applied.empty());
  CHECK(again.earlier == all);
  CHECK(engine.fake->requests().size() == 6);

  folder.add("11_new.sql", "DROP TABLE users");
  CHECK(engine.db().migrate(folder.path()).applied == Names{"11_new.sql"});
}

TEST_CASE("a table that wrangler made is understood, and wrangler understands ours") {
  Engine engine;
  // wrangler 4, packages/wrangler/src/d1/migrations/helpers.ts
  engine.direct().execute(
      "CREATE TABLE IF NOT EXISTS \"d1_migrations\"(\n\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
      "\t\tname       TEXT UNIQUE,\n\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n);");
  engine.direct().execute("CREATE TABLE t (a); INSERT INTO \"d1_migrations\" (name) values ('0001_init.sql');");
  Folder folder;
  folder.add("0001_init.sql", "CREATE TABLE t (a);").add("0002_b.sql", "INSERT INTO t VALUES (1);");
  const auto done = engine.db().migrate(folder.path());
  CHECK(done.earlier == Names{"0001_init.sql"});
  CHECK(done.applied == Names{"0002_b.sql"});

  Engine fresh;
  CHECK(fresh.db().migrate(folder.path()).complete());
  const auto columns = [](const Engine& of) {
    return of.direct().query_json(
        "SELECT name, type, \"notnull\", dflt_value, pk FROM "
        "pragma_table_info('d1_migrations')");
  };
  CHECK(columns(fresh) == columns(engine));
  // The statements with which wrangler reads the table and adds to it.
  CHECK(fresh.direct().query_json("SELECT * FROM d1_migrations ORDER BY id").size() == 2);
  fresh.direct().execute("INSERT INTO d1_migrations (name) values ('0003_c.sql')");
  folder.add("0003_c.sql", "syntax error");
  CHECK(fresh.db().migrate(folder.path()).applied.empty());
}

TEST_CASE("a migration that fails stops the run, is named with the server's text, and leaves nothing behind") {
  Folder folder;
  folder.add("1_a.sql", "CREATE TABLE t (a UNIQUE);")
      .add("2_b.sql", "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1);")
      .add("3_c.sql", "CREATE TABLE never (a);");
  Engine engine;
  const auto stopped = engine.db().migrate(folder.path());
  CHECK_FALSE(stopped.complete());
  CHECK(stopped.applied == Names{"1_a.sql"});
  REQUIRE(stopped.failure);
  CHECK(stopped.failure->name == "2_b.sql");
  CHECK(stopped.failure->error.code() == cf::ErrorCode::d1_sql);
  CHECK(holds(stopped.failure->error.what(), "UNIQUE constraint failed: t.a"));
  CHECK(holds(stopped.failure->error.what(), "2_b.sql"));
  CHECK_FALSE(stopped.failure->error.outcome_unknown());
  CHECK(engine.count("t") == 0);
  CHECK(engine.count("sqlite_schema WHERE name = 'never'") == 0);
  CHECK(recorded(engine) == "1_a.sql");

  folder.add("2_b.sql", "INSERT INTO t VALUES (1);");
  const auto repaired = engine.db().migrate(folder.path());
  CHECK(repaired.complete());
  CHECK(repaired.applied == Names{"2_b.sql", "3_c.sql"});
}

TEST_CASE("a migration may end in any way that SQL may end, and hold triggers, comments, strings and CRLF") {
  Folder folder;
  folder.add("01.sql", "CREATE TABLE t (a)")
      .add("02.sql", "\xEF\xBB\xBF-- first\r\nINSERT INTO t VALUES ('a;--b');\r\n-- last")
      .add("03.sql", "INSERT INTO t VALUES (1) -- no semicolon")
      .add("04.sql", "INSERT INTO t VALUES (2) /* neither */")
      .add("05.sql", "")
      .add("06.sql", "-- only a comment")
      .add("07.sql", "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 'seen' WHERE a = NEW.a; SELECT 1; END")
      .add("08.sql", "INSERT INTO t VALUES ('new');;\n;")
      .add("09_it's.sql", "INSERT INTO t VALUES ('x')");
  Engine engine;
  const auto done = engine.db().migrate(folder.path());
  if (done.failure) FAIL(done.failure->error.what());
  CHECK(done.applied.size() == 9);
  CHECK(engine.direct().query_value<std::string>("SELECT group_concat(a) FROM t") == "a;--b,1,2,seen,seen");
  CHECK(holds(recorded(engine), "09_it's.sql"));
  CHECK(engine.db().migrate(folder.path()).applied.empty());
}

TEST_CASE(
    "a migration that ends in an open comment or string, or has a statement that is too long, is refused by name") {
  for (const std::string& sql :
       {std::string("SELECT 1; /* open"), std::string("SELECT 'open"), std::string("SELECT 1 AS \"open"),
        std::string("SELECT 1 AS [open"), "SELECT '" + std::string(100'000, 'x') + "'"}) {
    INFO(sql.substr(0, 20));
    Folder folder;
    folder.add("1_ok.sql", "CREATE TABLE t (a);").add("2_bad.sql", sql);
    Engine engine;
    const auto stopped = engine.db().migrate(folder.path());
    CHECK(stopped.applied == Names{"1_ok.sql"});
    REQUIRE(stopped.failure);
    CHECK(stopped.failure->name == "2_bad.sql");
    CHECK(stopped.failure->error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(recorded(engine) == "1_ok.sql");
  }
}

TEST_CASE("a migration whose reply is lost is not sent again; the next run finds out") {
  Folder folder;
  folder.add("1_a.sql", "CREATE TABLE t (a); INSERT INTO t VALUES (1);").add("2_b.sql", "INSERT INTO t VALUES (2);");
  Engine executed;
  executed.lose("raw", 2);  // the first raw request lists what was applied
  const auto lost = executed.db().migrate(folder.path());
  CHECK(lost.applied.empty());
  REQUIRE(lost.failure);
  CHECK(lost.failure->name == "1_a.sql");
  CHECK(lost.failure->error.outcome_unknown());
  CHECK(executed.fake->requests().size() == 2);
  const auto next = executed.db().migrate(folder.path());
  CHECK(next.earlier == Names{"1_a.sql"});
  CHECK(next.applied == Names{"2_b.sql"});
  CHECK(executed.count("t") == 2);

  Engine dropped;
  dropped.instead("raw", 2, cut());
  CHECK(dropped.db().migrate(folder.path()).failure->error.outcome_unknown());
  CHECK(dropped.db().migrate(folder.path()).applied.size() == 2);
  CHECK(dropped.count("t") == 2);

  Engine listing;  // reading the list may be repeated, and so may a request that was not executed
  listing.lose("raw", 1);
  listing.instead("raw", 2, refused(503, 10001, "later"));
  listing.instead("raw", 4, refused(429, 971, "please wait"));
  CHECK(listing.db().migrate(folder.path()).complete());
  CHECK(listing.count("t") == 2);
}

TEST_CASE("the table of migrations may have another name") {
  Folder folder;
  folder.add("1_a.sql", "CREATE TABLE t (a);");
  Engine engine;
  CHECK(engine.db().migrate(folder.path(), {.table = "my \"own\" table"}).complete());
  CHECK(recorded(engine, "\"my \"\"own\"\" table\"") == "1_a.sql");
  CHECK(engine.db().checked().migrate(folder.path(), {.table = ""}).error().kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("a folder named like a migration is the failure of that migration") {
  Folder folder;
  std::filesystem::create_directory(folder.path() + "1_folder.sql");
  const Engine engine;
  const auto done = engine.db().checked().migrate(folder.path());
  REQUIRE(done.has_value());
  REQUIRE(done->failure.has_value());
  CHECK(done->failure->name == "1_folder.sql");
  CHECK(done->failure->error.kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("what is wrong with the folder is found before any request") {
  Folder folder;
  folder.add("1_a.sql", "SELECT 1;").add("init.sql", "SELECT 1;");
  Engine engine;
  const auto nameless = error_of([&] { (void)engine.db().migrate(folder.path()); });
  CHECK(nameless.kind() == cf::ErrorKind::invalid_argument);
  CHECK(holds(nameless.what(), "init.sql"));
  CHECK(error_of([&] { (void)engine.db().migrate(folder.path() + "none"); }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(engine.fake->requests().empty());

  const auto fails = [&](const cf::D1Database& db) {
    return error_of([&] { (void)db.migrate(Folder().path(), {.allow_none = true}); });
  };
  engine.instead("raw", 1, refused(404, 7404, "no such database"));
  CHECK(fails(engine.db()).code() == cf::ErrorCode::d1_database_not_found);
  engine.instead("raw", 2, cf::testing::ok(R"([{"results":{"columns":["name"],"rows":[[7]]},"success":true}])"));
  CHECK(fails(engine.db()).kind() == cf::ErrorKind::decode);
}

TEST_CASE("what on_applied throws ends the run") {
  Engine engine;

  Folder folder;
  folder.add("1_a.sql", "CREATE TABLE t (a);").add("2_b.sql", "INSERT INTO t VALUES (1);");
  struct Enough {};
  CHECK_THROWS_AS((void)engine.db().migrate(folder.path(), {.on_applied = [](const std::string&) { throw Enough(); }}),
                  Enough);
  CHECK(recorded(engine) == "1_a.sql");
  CHECK(engine.db().migrate(folder.path()).applied == Names{"2_b.sql"});
}
