// Imports and exports that another call goes on with, imports in several parts, and the check before sending.

#include <cloudflare/local/check.hpp>

#include "jobs_support.hpp"

using namespace d1_tests;

namespace {

/// A table of `rows` rows, a row a statement, each of about 100 bytes.
std::string dump(int rows) {
  std::string sql = "PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT);\n";
  for (int n = 1; n <= rows; ++n)
    sql += "INSERT INTO t VALUES (" + std::to_string(n) + ", '" + std::string(70, 'x') + "');\n";
  return sql;
}

std::vector<std::string> uploads(const Engine& engine) {
  std::vector<std::string> bodies;
  for (const SentRequest& request : engine.fake->requests())
    if (action(request) == "upload") bodies.push_back(request.body);
  return bodies;
}

std::string without(std::string text, std::string_view part) {
  if (const auto at = text.find(part); at != std::string::npos) text.erase(at, part.size());
  return text;
}

}  // namespace

TEST_CASE("the error of an import that was cut off lets another call poll it to its end, without the text") {
  Engine engine;
  for (int i = 1; i <= 4; ++i) engine.instead("poll", i, cut());
  const auto error = error_of([&] { engine.db().import_sql(dump(3)); });
  CHECK(error.outcome_unknown());
  CHECK(holds(error.result(), "bookmark"));
  CHECK_FALSE(holds(error.what(), "bookmark"));
  const auto before = engine.actions().size();
  const auto done = engine.db().import_file("there is no such file", {.resume = error.result()});
  CHECK(done.num_queries == 5);
  CHECK(done.parts == 1);
  CHECK(engine.actions().size() == before + 1);
  CHECK(engine.actions().back() == "poll");
  CHECK(engine.count("t") == 3);
}

TEST_CASE("an import ended by a stop token can be resumed; one that failed, or never began, leaves nothing to resume") {
  Engine engine;
  std::stop_source stop;
  std::string progress;
  const auto stopped = error_of([&] {
    engine.db()
        .with({.stop = stop.get_token()})
        .import_sql(dump(3), {.on_progress = [&](const cf::d1::ImportProgress& now) {
                      CHECK(now.part == 1);
                      progress = now.resume;
                      if (now.stage == cf::d1::ImportStage::running) stop.request_stop();
                    }});
  });
  CHECK(stopped.outcome_unknown());
  CHECK(stopped.result() == progress);
  CHECK(engine.db().import_sql("", {.resume = stopped.result()}).num_queries == 5);

  Engine failing;
  CHECK(error_of([&] { failing.db().import_sql("SELECT nope"); }).result().empty());
  Engine unreached;
  unreached.instead("init", 1, refused(403, 10000, "Authentication error"));
  CHECK(error_of([&] { unreached.db().import_sql("SELECT 1"); }).result().empty());
}

TEST_CASE("a resumed import that the server no longer knows has an unknown outcome and is not run again") {
  Engine engine;
  const auto error =
      error_of([&] { engine.db().import_sql(dump(1), {.resume = R"({"import":{"parts":0,"bookmark":"b-9"}})"}); });
  CHECK(error.outcome_unknown());
  CHECK(holds(error.what(), "Not currently importing anything"));
  CHECK(error.result().empty());
  CHECK(engine.actions() == Names{"poll"});
  CHECK(json::parse(engine.fake->requests()[0].body).at("current_bookmark") == "b-9");
}

TEST_CASE("a resumed job that cannot begin keeps its point") {
  Engine engine;
  const std::string import_point = R"({"import":{"parts":1,"bytes":9,"md5":"x"}})",
                    running = R"({"import":{"parts":0,"bookmark":"b"}})";
  const std::string export_point = R"({"export":{"bookmark":"b"}})";
  const auto sink = cf::sink_to([](std::string_view) {});
  std::stop_source stopped;
  stopped.request_stop();
  const auto keeps = [&](const cf::D1Database& db) {
    for (const std::string& point : {import_point, running})
      CHECK(error_of([&] { db.import_sql(dump(1), {.resume = point}); }).result() == point);
    CHECK(error_of([&] { (void)db.export_to(sink, {.resume = export_point}); }).result() == export_point);
  };
  keeps(engine.client().d1("not-a-uuid"));
  keeps(engine.db().with({.stop = stopped.get_token()}));
  CHECK(error_of([&] { engine.db().import_file("none", {.resume = import_point}); }).result() == import_point);
  CHECK(engine.fake->requests().empty());
}

TEST_CASE("what is no point of an import or export is refused before any request") {
  const Engine engine;
  for (const char* point :
       {"x", "{}", "[]", "null", R"({"export":{"bookmark":"b"}})", R"({"import":{}})", R"({"import":7})",
        R"({"import":{"parts":"1"}})", R"({"import":{"parts":-1}})", R"({"import":{"parts":2}})",
        R"({"import":{"parts":1,"bytes":9}})", R"({"import":{"bytes":9,"md5":"x","bookmark":"b"}})"}) {
    INFO(point);
    CHECK(error_of([&] { engine.db().import_sql(dump(1), {.resume = point}); }).kind() ==
          cf::ErrorKind::invalid_argument);
  }
  const auto sink = cf::sink_to([](std::string_view) {});
  for (const char* point : {"x", R"({"import":{"parts":0,"bookmark":"b"}})", R"({"export":{"bookmark":3}})"})
    CHECK(error_of([&] { (void)engine.db().export_to(sink, {.resume = point}); }).kind() ==
          cf::ErrorKind::invalid_argument);
  CHECK(engine.fake->requests().empty());
}

TEST_CASE("an export that was cut off goes on with its bookmark") {
  Engine engine;
  engine.direct().execute("CREATE TABLE t (a); INSERT INTO t VALUES (1);");
  for (int i = 2; i <= 5; ++i) engine.instead("export", i, cut());
  std::string progress;
  std::string text;
  const auto sink = cf::sink_to([&](std::string_view piece) { text += piece; });
  const auto error = error_of([&] {
    (void)engine.db().export_to(sink,
                                {.on_progress = [&](const cf::d1::ExportProgress& now) { progress = now.resume; }});
  });
  CHECK(error.result() == progress);
  const std::string bookmark = json::parse(error.result()).at("export").at("bookmark").get<std::string>();
  const auto done = engine.db().export_to(sink, {.resume = error.result()});
  CHECK(done.bookmark == bookmark);
  CHECK(holds(text, "INSERT INTO"));
  const auto sent = engine.fake->requests();
  CHECK(json::parse(sent[5].body).at("current_bookmark") == bookmark);
  CHECK(engine.actions().back() == "download");

  Engine broken;  // the download of a plain function cannot begin anew, but another export can
  broken.instead("download", 1, {.status = 403, .body = "<Error/>"});
  const auto denied = error_of([&] { (void)broken.db().export_to(sink); });
  CHECK_FALSE(holds(denied.result(), "token"));
  CHECK(broken.db().export_to(sink, {.resume = denied.result()}).bytes > 0);
  CHECK(broken.actions() == Names{"export", "export", "download", "export", "download"});

  Engine failed;
  failed.instead("export", 1,
                 cf::testing::ok(R"({"success":false,"status":"error","at_bookmark":"b","error":"it broke"})"));
  CHECK(error_of([&] { (void)failed.db().export_to(sink); }).result().empty());
}

TEST_CASE("a dump is split between its statements into imports of about one size, whose text is that of the dump") {
  const std::string sql = dump(100) + "-- the end\n";
  const std::string pragma = "PRAGMA defer_foreign_keys=TRUE;\n";
  for (const std::size_t size : {1UL, 100UL, 1'000UL, 3'000UL, 100'000UL}) {
    INFO(size);
    Engine engine;
    std::vector<std::uint64_t> parts;
    const auto done =
        engine.db().import_sql(sql, {.split_bytes = size, .on_progress = [&](const cf::d1::ImportProgress& now) {
                                       if (parts.empty() || parts.back() != now.part) parts.push_back(now.part);
                                     }});
    CHECK(engine.count("t") == 100);
    const auto sent = uploads(engine);
    CHECK(done.parts == sent.size());
    CHECK(done.meta.changes == 100);
    CHECK(done.num_queries ==
          static_cast<std::int64_t>(102 + (size == 1 ? sent.size() - 2 : sent.size() - 1)) + (size == 1 ? 1 : 0));
    CHECK(done.final_bookmark == engine.direct().bookmark());
    CHECK_FALSE(done.already_uploaded);
    std::string joined = sent[0];
    for (std::size_t i = 1; i < sent.size(); ++i) {
      CHECK(sent[i].starts_with(pragma));
      CHECK(sent[i].size() < size + pragma.size() + 120);
      joined += without(sent[i], pragma);
    }
    CHECK(sql.starts_with(joined));
    CHECK(sql.substr(joined.size()).find("INSERT") == std::string::npos);
    CHECK(std::is_sorted(parts.begin(), parts.end()));
  }
}

TEST_CASE("no cut falls into a string, a quoted name, a comment or the body of a trigger") {
  const std::string sql =
      "CREATE TABLE \"a;b\" (x);\n/* ; -- */ CREATE TABLE log (s); -- ;;\n"
      "CREATE TRIGGER g AFTER INSERT ON \"a;b\" BEGIN INSERT INTO log VALUES ('t;' || NEW.x); SELECT CASE WHEN 1 THEN "
      "2 "
      "END; END;\nINSERT INTO \"a;b\" VALUES ('it''s; BEGIN; ');\r\n;;\nINSERT INTO [a;b] VALUES (2)";
  for (const bool file : {false, true}) {
    Engine engine;
    const support::TemporaryFolder folder;
    support::write_file(folder.file("dump.sql"), sql);
    const cf::d1::ImportOptions options{.split_bytes = 1};
    const auto done =
        file ? engine.db().import_file(folder.file("dump.sql"), options) : engine.db().import_sql(sql, options);
    CHECK(done.parts == 5);
    CHECK(done.num_queries == 5);
    CHECK(engine.direct().query_value<std::string>("SELECT group_concat(s) FROM log") == "t;it's; BEGIN; ,t;2");
  }
  const Engine empty;
  CHECK(empty.db().import_sql(" -- nothing\n;", {.split_bytes = 1}).parts == 0);
  CHECK(empty.fake->requests().empty());
}

TEST_CASE("a part that fails is named with its statements and line; those before it stay, and a later run goes on") {
  const std::string good = dump(60);
  std::string bad = good;
  bad.replace(bad.find("INSERT INTO t VALUES (50"), 6, "INSRET");
  Engine engine;
  const auto error = error_of([&] { engine.db().import_sql(bad, {.split_bytes = 2'000}); });
  CHECK(error.kind() == cf::ErrorKind::rejected);
  CHECK(holds(error.what(), "part 3 (statements 43 to 62, from line 43), behind parts that are imported"));
  CHECK(holds(error.what(), "syntax error"));
  CHECK_FALSE(error.outcome_unknown());
  CHECK(engine.count("t") == 40);

  const auto changed = error_of(
      [&] { engine.db().import_sql("-- another text\n" + good, {.split_bytes = 2'000, .resume = error.result()}); });
  CHECK(changed.kind() == cf::ErrorKind::invalid_argument);
  CHECK(holds(changed.what(), "are not those"));
  CHECK(changed.result() == error.result());
  const auto shorter = error_of([&] { engine.db().import_sql(good.substr(0, 1'000), {.resume = error.result()}); });
  CHECK(holds(shorter.what(), "were imported"));

  const auto sent = uploads(engine).size();
  const auto done = engine.db().import_sql(good, {.split_bytes = 500, .resume = error.result()});
  CHECK(done.parts > 1);
  CHECK(uploads(engine).size() == sent + done.parts);
  CHECK(engine.count("t") == 60);
}

TEST_CASE("a part that was cut off while D1 ran it is polled by the next run, which then goes on behind it") {
  const std::string sql = dump(60);
  Engine engine;
  for (int i = 2; i <= 5; ++i) engine.instead("poll", i, cut());
  const auto error = error_of([&] { engine.db().import_sql(sql, {.split_bytes = 2'000}); });
  CHECK(error.outcome_unknown());
  CHECK(holds(error.what(), "part 2"));
  CHECK(engine.count("t") == 40);
  const auto before = engine.actions().size();
  const auto done = engine.db().import_sql(sql, {.split_bytes = 2'000, .resume = error.result()});
  CHECK(done.parts == 2);  // the one that was under way, and the last
  CHECK(engine.count("t") == 60);
  auto actions = engine.actions();
  actions.erase(actions.begin(), actions.begin() + static_cast<std::ptrdiff_t>(before));
  CHECK(actions == Names{"poll", "init", "upload", "ingest", "poll"});
}

TEST_CASE("wherever a split import is killed, what its last progress held is enough for another process to go on") {
  const std::string sql = dump(60);
  struct Killed {};
  int calls = 0;
  for (int kill_at = 1;; ++kill_at) {
    INFO(kill_at);
    Engine engine;
    std::string point;
    calls = 0;
    bool killed = false;
    try {
      engine.db().import_sql(sql, {.split_bytes = 2'000, .on_progress = [&](const cf::d1::ImportProgress& now) {
                                     point = now.resume;
                                     if (++calls == kill_at) throw Killed();
                                   }});
    } catch (const Killed&) {
      killed = true;
    }
    if (!killed) break;
    engine.db().import_sql(sql, {.split_bytes = 2'000, .resume = point});
    CHECK(engine.count("t") == 60);
  }
  CHECK(calls > 10);
}

TEST_CASE("transactions and statements that are too long are refused by number and line before their part is sent") {
  for (const char* word : {"BEGIN TRANSACTION", "begin", "COMMIT", "END", "ROLLBACK", "SAVEPOINT s", "RELEASE s"}) {
    Engine engine;
    const auto error = error_of([&] {
      engine.db().import_sql("CREATE TABLE t (a);\n\n/* x */ " + std::string(word) + ";", {.split_bytes = 10'000});
    });
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(holds(error.what(), "statement 2 (line 3)"));
    CHECK(engine.fake->requests().empty());
  }
  Engine engine;
  const auto error = error_of([&] {
    engine.db().import_sql("CREATE TABLE t (a);\nSELECT '" + std::string(100'000, 'x') + "';", {.split_bytes = 1});
  });
  CHECK(holds(error.what(), "statement 2 (line 2) has 100009 bytes"));
  CHECK(holds(error.what(), "part 2"));
  CHECK(engine.count("t") == 0);  // part 1 made the table
  const auto endless =
      error_of([&] { engine.db().import_sql("'" + std::string(17'000'000, 'x'), {.split_bytes = 1}); });
  CHECK(endless.kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("a stop token between two parts, and what progress throws, end the import; async and checked split too") {
  const std::string sql = dump(60);
  Engine engine;
  std::stop_source stop;
  const auto stopped = error_of([&] {
    engine.db()
        .with({.stop = stop.get_token()})
        .import_sql(sql, {.split_bytes = 2'000, .on_progress = [&](const cf::d1::ImportProgress& now) {
                            if (now.part == 1 && !now.resume.empty() && !holds(now.resume, "bookmark"))
                              stop.request_stop();
                          }});
  });
  CHECK(stopped.kind() == cf::ErrorKind::cancelled);
  CHECK_FALSE(stopped.outcome_unknown());
  CHECK(engine.count("t") == 20);
  const auto checked = engine.db().checked().import_sql(sql, {.split_bytes = 2'000, .resume = stopped.result()});
  REQUIRE(checked);
  CHECK(checked->parts == 2);
  CHECK(engine.count("t") == 60);
  struct Enough {};
  CHECK_THROWS_AS(Engine().db().import_sql(sql, {.split_bytes = 2'000,
                                                 .on_progress =
                                                     [](const cf::d1::ImportProgress& now) {
                                                       if (now.part == 2) throw Enough();
                                                     }}),
                  Enough);
}

TEST_CASE("the check names the statement, its line and SQLite's message, and runs under D1's limits") {
  using cf::local::check_import;
  CHECK_FALSE(check_import(dump(10)));
  CHECK_FALSE(check_import(""));
  CHECK_FALSE(check_import("-- only a comment"));
  const auto typo = check_import("CREATE TABLE t (a);\n\n-- two; lines\nINSERT INTO t\n  VALUES (1, 2);\nSELECT 1");
  REQUIRE(typo);
  CHECK(typo->statement == 2);
  CHECK(typo->line == 4);
  CHECK(typo->message == "table t has 1 columns but 2 values were supplied: SQLITE_ERROR");
  const auto last = check_import("SELECT 1;\nSELECT nope");
  REQUIRE(last);
  CHECK((last->statement == 2 && last->line == 2));
  CHECK(holds(last->message, "no such column: nope"));
  const auto transaction = check_import("BEGIN TRANSACTION; CREATE TABLE t (a); COMMIT;");
  REQUIRE(transaction);
  CHECK(transaction->statement == 1);
  CHECK(check_import("SELECT '" + std::string(100'000, 'x') + "'"));
  CHECK(check_import("ATTACH 'x' AS y"));
  const auto twice = check_import("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1);");
  REQUIRE(twice);
  CHECK((twice->statement == 3 && holds(twice->message, "UNIQUE constraint failed")));
  const auto dangling = check_import(
      "PRAGMA defer_foreign_keys=TRUE;CREATE TABLE p (a PRIMARY KEY);CREATE TABLE c (a REFERENCES p);"
      "INSERT INTO c VALUES (1);");
  REQUIRE(dangling);
  CHECK((dangling->statement == 0 && holds(dangling->message, "FOREIGN KEY")));
}

TEST_CASE("the check reads files and sources, and may begin with a schema that is there already") {
  using cf::local::check_import;
  const support::TemporaryFolder folder;
  support::write_file(folder.file("more.sql"), "INSERT INTO t VALUES (1);\nINSERT INTO u VALUES (1);");
  const auto file = cf::local::check_import_file(folder.file("more.sql"));
  REQUIRE(file);
  CHECK(file->statement == 1);
  const auto second = cf::local::check_import_file(folder.file("more.sql"), "CREATE TABLE t (a)");
  REQUIRE(second);
  CHECK((second->statement == 2 && second->line == 2));
  CHECK_FALSE(check_import(cf::Body::file(folder.file("more.sql")), "CREATE TABLE t (a); CREATE TABLE u (a);"));
  CHECK(error_of([&] { (void)check_import("SELECT 1", "nonsense"); }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(error_of([&] { (void)cf::local::check_import_file(folder.file("none")); }).kind() ==
        cf::ErrorKind::invalid_argument);
  const std::string exported = dump(2'000);  // more than one piece
  support::write_file(folder.file("dump.sql"), exported + "\nSELECT nope;");
  const auto late = cf::local::check_import_file(folder.file("dump.sql"));
  REQUIRE(late);
  CHECK((late->statement == 2'003 && late->line == 2'004));
}
