// Export and time travel through the client.

#include <filesystem>

#include "jobs_support.hpp"

using namespace d1_tests;

namespace {

const std::string head = "PRAGMA defer_foreign_keys=TRUE;\n";
const std::string table_a = "CREATE TABLE a (x);\n";
const std::string row_a = "INSERT INTO \"a\" VALUES(1);\n";
const std::string table_b = "CREATE TABLE b (y);\n";
const std::string row_b = "INSERT INTO \"b\" VALUES(2);\n";
const std::string everything = head + table_a + table_b + row_a + row_b;

void fill(const Engine& engine) {
  engine.direct().execute("CREATE TABLE a (x); CREATE TABLE b (y); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
}

struct Exported {
  cf::d1::ExportResult result{};
  std::string text{};
};

Exported exported(const cf::D1Database& db, const cf::d1::ExportOptions& options = cf::d1::ExportOptions()) {
  Exported done;
  done.result = db.export_to(cf::sink_to([&](std::string_view piece) { done.text += piece; }), options);
  CHECK(done.result.bytes == done.text.size());
  return done;
}

}  // namespace

TEST_CASE("an export is polled with its bookmark and the same options, and downloaded without credentials") {
  Engine engine;
  fill(engine);
  const std::string bookmark = engine.direct().bookmark();
  const auto done = exported(engine.db(), {.tables = {"a", "quote\"d"}});
  CHECK(done.text == head + table_a + row_a);
  CHECK(done.result.bookmark == bookmark);
  CHECK(done.result.filename == engine.id + "-" + bookmark + ".sql");
  CHECK(engine.actions() == std::vector<std::string>{"export", "export", "download"});
  credentials_only_for_the_api(engine);
  const auto sent = engine.fake->requests();
  const json options{{"no_data", false}, {"no_schema", false}, {"tables", {"a", "quote\"d"}}};
  CHECK(json::parse(sent[0].body) == json{{"output_format", "polling"}, {"dump_options", options}});
  CHECK(json::parse(sent[1].body) ==
        json{{"output_format", "polling"}, {"dump_options", options}, {"current_bookmark", bookmark}});
  CHECK(sent[2].method == "GET");
  CHECK(sent[2].body.empty());
}

TEST_CASE("an export may leave out data, schema or tables, and its text imports into an equal database") {
  Engine engine;
  fill(engine);
  CHECK(exported(engine.db()).text == everything);
  CHECK(exported(engine.db(), {.no_data = true}).text == head + table_a + table_b);
  CHECK(exported(engine.db(), {.no_schema = true}).text == head + row_a + row_b);
  CHECK(exported(engine.db(), {.tables = {"b"}}).text == head + table_b + row_b);

  engine.direct().execute(
      "CREATE TABLE log (id, note); CREATE TRIGGER g AFTER INSERT ON a BEGIN INSERT INTO log VALUES (NEW.x, 'it''s; "
      "-- so'); END; CREATE INDEX i ON b (y); INSERT INTO a VALUES (9); "
      "INSERT INTO b VALUES ('line' || char(10) || char(13, 10)), (x'00ff'), (NULL), (-0.5)");
  const std::string text = exported(engine.db()).text;
  const cf::D1Database copy = engine.another("copy");
  CHECK(copy.import_sql(text).num_queries > 8);
  CHECK(exported(copy).text == text);
  CHECK(copy.query_value<std::int64_t>("SELECT count(*) FROM log") == 1);
}

TEST_CASE("a dropped export request or poll is made again, and so is a download into a file") {
  const support::TemporaryFolder folder;
  for (const FakeReply& fault : {cut(), refused(504, 7009, "timed out"), refused(503, 7429, "D1 DB is overloaded"),
                                 refused(429, 971, "please wait")}) {
    INFO(fault.status);
    Engine engine;
    fill(engine);
    for (const char* what : {"export", "download"}) engine.instead(what, 1, fault);
    engine.lose("export", 2);
    engine.lose("export", 4);
    engine.lose("download", 2);
    CHECK(engine.db().export_to_file(folder.file("dump.sql")).bytes == everything.size());
    CHECK(support::read_file(folder.file("dump.sql")) == everything);
    CHECK(engine.actions() == std::vector<std::string>{"export", "export", "export", "export", "export", "download",
                                                       "download", "download"});
    credentials_only_for_the_api(engine);
  }
}

TEST_CASE("a file of an export appears only when it is complete") {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("dump.sql"), "the dump of yesterday");
  Engine engine;
  fill(engine);
  engine.instead("download", 1, {.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"});
  const auto error = error_of([&] { engine.db().export_to_file(folder.file("dump.sql")); });
  CHECK(error.operation() == "d1.export.download");
  CHECK_FALSE(holds(error.what(), "token="));
  CHECK(support::read_file(folder.file("dump.sql")) == "the dump of yesterday");
  CHECK_FALSE(std::filesystem::exists(folder.file("dump.sql.part")));

  CHECK(engine.db().export_to_file(folder.file("dump.sql")).bytes == everything.size());
  CHECK(support::read_file(folder.file("dump.sql")) == everything);
  CHECK_FALSE(std::filesystem::exists(folder.file("dump.sql.part")));

  const auto nowhere = error_of([&] { engine.db().export_to_file(folder.file("no/such/folder.sql")); });
  CHECK(nowhere.kind() == cf::ErrorKind::invalid_argument);
  CHECK_FALSE(engine.db().checked().export_to_file(folder.file("no/such/folder.sql")));
  CHECK_FALSE(engine.db().checked().export_to(nullptr));
}

TEST_CASE("an export that fails passes on the server's text") {
  Engine engine;
  fill(engine);
  engine.instead("export", 2, cf::testing::ok(R"({"success":true,"status":"error","error":"it broke"})"));
  const auto broke = error_of([&] { (void)exported(engine.db()); });
  CHECK(broke.kind() == cf::ErrorKind::rejected);
  CHECK(holds(broke.what(), "it broke"));
  CHECK_FALSE(broke.outcome_unknown());

  Engine strange;
  strange.instead("export", 1, cf::testing::ok(R"({"success":true,"status":"resting","at_bookmark":"b"})"));
  CHECK(error_of([&] { (void)exported(strange.db()); }).kind() == cf::ErrorKind::decode);
  Engine unsigned_url;
  unsigned_url.instead("export", 1, cf::testing::ok(R"({"success":true,"status":"complete","at_bookmark":"b"})"));
  CHECK(error_of([&] { (void)exported(unsigned_url.db()); }).kind() == cf::ErrorKind::decode);

  engine.direct().execute("CREATE VIRTUAL TABLE f USING fts5(x)");
  const auto virtual_table = error_of([&] { (void)exported(engine.db()); });
  CHECK(virtual_table.code() == cf::ErrorCode::d1_sql);
  CHECK(holds(virtual_table.what(), "cannot export databases with Virtual Tables (fts5)"));
}

TEST_CASE("an export tells its progress, polls at its interval, and ends with what a callback or the sink throws") {
  Engine engine({.timeout = 3s});
  fill(engine);
  engine.instead("export", 1,
                 cf::testing::ok(R"({"success":true,"status":"active","at_bookmark":"b","messages":["one"]})"));
  engine.instead("export", 2, cf::testing::ok(R"({"success":true,"status":"active","at_bookmark":"b"})"));
  std::vector<std::string> seen;
  (void)exported(engine.db(), {.poll_interval = 4s, .on_progress = [&](const cf::d1::ExportProgress& now) {
                                 seen.push_back((now.downloading ? "downloading " : "writing ") +
                                                std::to_string(now.bytes_done) +
                                                (now.messages.empty() ? "" : " " + now.messages[0]));
                               }});
  CHECK(seen == std::vector<std::string>{"writing 0 one", "writing 0", "writing 0", "writing 0",
                                         "downloading " + std::to_string(everything.size())});
  const auto sent = engine.fake->requests();
  REQUIRE(sent.size() == 5);
  for (std::size_t i = 1; i < 4; ++i) CHECK(sent[i].at - sent[i - 1].at == 4s);

  struct Enough {};
  CHECK_THROWS_AS(exported(engine.db(), {.on_progress = [](const cf::d1::ExportProgress&) { throw Enough(); }}),
                  Enough);
  CHECK_THROWS_AS(engine.db().export_to(cf::sink_to([](std::string_view) { throw Enough(); })), Enough);
}

TEST_CASE("time travel: a restore brings the rows of a bookmark back, and its previous bookmark undoes it") {
  Engine engine;
  const cf::D1Database db = engine.db();
  db.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  const std::string one = db.bookmark();
  db.execute("INSERT INTO t VALUES (2); DELETE FROM t WHERE a = 1");
  const std::string two = db.bookmark();
  CHECK(one < two);

  const auto restored = db.restore(one);
  CHECK(restored.bookmark == one);
  CHECK(restored.previous_bookmark == two);
  CHECK_FALSE(restored.message.empty());
  CHECK(db.query_value<std::int64_t>("SELECT a FROM t") == 1);
  db.restore(restored.previous_bookmark);
  CHECK(db.query_value<std::int64_t>("SELECT a FROM t") == 2);

  // A write after a restore makes a new state.
  db.restore(one);
  db.execute("INSERT INTO t VALUES (3)");
  CHECK(db.query_value<std::string>("SELECT group_concat(a) FROM t") == "1,3");
}

TEST_CASE("time travel: a time stands for the newest bookmark at or before it") {
  Engine engine;
  const cf::D1Database db = engine.db();
  db.execute("CREATE TABLE t (a)");
  engine.fake->clock()->advance(100s);
  const std::string empty = db.bookmark();
  const auto before = engine.fake->clock()->wall();
  engine.fake->clock()->advance(100s);
  db.execute("INSERT INTO t VALUES (1)");
  engine.fake->clock()->advance(100s);
  CHECK(db.bookmark(before + 50s) == empty);
  CHECK(db.bookmark(before + 150s) == db.bookmark());
  CHECK(db.restore(before + 50s).bookmark == empty);
  CHECK(engine.count("t") == 0);

  CHECK(error_of([&] { (void)db.bookmark(before - 24h * 31); }).code() == cf::ErrorCode::d1_bad_request);
  CHECK(error_of([&] { (void)db.bookmark(before - 1000s); }).code() == cf::ErrorCode::d1_sql);
  CHECK(error_of([&] { db.restore("not a bookmark"); }).code() == cf::ErrorCode::d1_bad_request);
  CHECK(error_of([&] { db.restore("00000099-00000000-00000000-00000000000000000000000000000000"); }).code() ==
        cf::ErrorCode::d1_sql);
  const std::size_t requests = engine.fake->requests().size();
  CHECK(db.checked().restore("").error().kind() == cf::ErrorKind::invalid_argument);
  CHECK(engine.fake->requests().size() == requests);
}

TEST_CASE("time travel on the wire: a lost bookmark request is repeated, a restore is sent once") {
  Engine engine;
  const cf::D1Database db = engine.db();
  engine.instead("bookmark", 1, cut());
  const std::string now = db.bookmark();
  (void)db.bookmark(std::chrono::sys_seconds(1'800'000'000s));
  const std::string path = "/accounts/local/d1/database/" + engine.id + "/time_travel/";
  auto sent = engine.fake->requests();
  REQUIRE(sent.size() == 3);
  CHECK(sent[1].method == "GET");
  CHECK(sent[1].url.ends_with(path + "bookmark"));
  CHECK(sent[2].url.ends_with(path + "bookmark?timestamp=2027-01-15T08%3A00%3A00Z"));

  engine.lose("restore", 1);
  const auto error = error_of([&] { db.restore(now); });
  CHECK(error.outcome_unknown());
  CHECK(error.operation() == "d1.restore");
  engine.instead("restore", 2, refused(500, 7500, "internal error"));
  CHECK(error_of([&] { db.restore(now); }).outcome_unknown());
  engine.instead("restore", 3, refused(429, 971, "please wait"));
  CHECK(db.restore(now).bookmark == now);
  sent = engine.fake->requests();
  CHECK(sent.size() == 7);
  CHECK(sent[3].method == "POST");
  CHECK(sent[3].url.ends_with(path + "restore?bookmark=" + now));
  CHECK(sent[3].body.empty());

  engine.instead("bookmark", 4, cf::testing::ok("{}"));
  CHECK(error_of([&] { (void)db.bookmark(); }).kind() == cf::ErrorKind::decode);
}
