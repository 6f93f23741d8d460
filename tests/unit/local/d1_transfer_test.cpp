// Import, export and time travel of the embedded store's D1.
#include <openssl/evp.h>

#include "d1/sql_split.hpp"
#include "local_d1_support.hpp"

using namespace cloudflare_tests;
using namespace std::chrono_literals;

namespace {

std::string md5(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4U];
    out += "0123456789abcdef"[digest[i] & 15U];
  }
  return out;
}

}  // namespace

TEST_CASE("embedded D1: SQL text is cut at the semicolons between statements, in pieces of any size") {
  const std::string text =
      "SELECT 1; ;-- a;b\n/* c;d */SELECT 'e;''f', \"g;h\", `i;j`, [k;l] ; \r\n"
      "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT ';'; END;"
      "create temp trigger u before delete on x begin select 1; end ;"
      "CREATE TABLE trigger_log(begin_at); SELECT 1-1/1 -- end";
  const std::vector<std::string> expected{
      "SELECT 1",
      "-- a;b\n/* c;d */SELECT 'e;''f', \"g;h\", `i;j`, [k;l]",
      "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT ';'; END",
      "create temp trigger u before delete on x begin select 1; end",
      "CREATE TABLE trigger_log(begin_at)",
      "SELECT 1-1/1 -- end"};
  CHECK(cloudflare::ops::split_sql(text) == expected);
  for (std::size_t size = 1; size < 20; ++size) {
    cloudflare::ops::SqlSplitter splitter;
    std::size_t count = 0;
    const auto next = [&](std::string_view) { ++count; };
    for (std::size_t at = 0; at < text.size(); at += size) splitter.feed(std::string_view(text).substr(at, size), next);
    splitter.finish(next);
    CHECK(count == expected.size());
  }
  CHECK(cloudflare::ops::split_sql(" ; -- only\n; /* this */").empty());
  CHECK(cloudflare::ops::split_sql("\xEF\xBB\xBF"
                                   "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END; SELECT 2")
            .size() == 2);
  // Files with a byte order mark each, one behind the other.
  CHECK(cloudflare::ops::split_sql("SELECT 1;\n\xEF\xBB\xBF"
                                   "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END;\xEF\xBB\xBF")
            .size() == 2);
}

TEST_CASE("embedded D1: import uploads, runs and reports; the same file is not asked for again") {
  LocalApi api;
  LocalD1 db(api);
  const std::string sql =
      "CREATE TABLE t (id INTEGER, s TEXT);\nINSERT INTO t VALUES (1, 'a;''b');\nINSERT INTO t VALUES (2, 'x')";
  const Json done = db.import(sql, md5(sql));
  CHECK(done.at("success") == true);
  CHECK(done.at("status") == "complete");
  CHECK(done.at("result").at("num_queries") == 3);
  CHECK(done.at("result").at("meta").at("changes") == 2);
  CHECK(done.at("result").at("final_bookmark") == db.bookmark());
  CHECK(db.rows("SELECT * FROM t") == Json::parse(R"([[1,"a;'b"],[2,"x"]])"));

  const Json again = db.post("/import", {{"action", "init"}, {"etag", md5(sql)}}).result();
  CHECK(again.at("status") == "complete");
  CHECK_FALSE(again.contains("upload_url"));
  CHECK(db.post("/import", {{"action", "poll"}, {"current_bookmark", "none"}}).result() ==
        Json({{"success", false}, {"type", "import"}, {"error", "Not currently importing anything."}}));
  CHECK(db.post("/import", {{"action", "init"}, {"etag", "x"}}).code() == 7400);
  CHECK(db.post("/import", {{"action", "stop"}}).code() == 7400);
  CHECK(db.post("/import", {{"action", "ingest"}, {"etag", md5("")}, {"filename", "none"}}).code() == 7400);
}

TEST_CASE("embedded D1: a file is imported again once the database has changed, was restored, or is another one") {
  LocalApi api;
  LocalD1 db(api);
  const std::string sql = "CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t VALUES (1);";
  const auto rows = [&] { return db.rows("SELECT count(*) FROM t").at(0).at(0).get<int>(); };
  const auto is_asked_for = [&] {
    return db.post("/import", {{"action", "init"}, {"etag", md5(sql)}}).result().contains("upload_url");
  };
  const std::string empty = db.bookmark();
  db.import(sql, md5(sql));
  CHECK_FALSE(is_asked_for());
  CHECK(rows() == 1);
  CHECK_FALSE(is_asked_for());  // reading changes nothing
  db.run("DROP TABLE t");
  REQUIRE(is_asked_for());
  db.import(sql, md5(sql));
  CHECK(rows() == 1);
  CHECK_FALSE(is_asked_for());
  db.restore("?bookmark=" + empty);
  db.import(sql, md5(sql));
  CHECK(rows() == 1);
  const std::string other = "INSERT INTO t VALUES (2);";
  db.import(other, md5(other));
  db.import(sql, md5(sql));
  CHECK(rows() == 3);
  LocalD1 second(api, "second");
  CHECK(second.import(sql, md5(sql)).at("status") == "complete");
}

TEST_CASE("embedded D1: an export with long rows is imported into an equal database, no statement being too long") {
  LocalApi api;
  LocalD1 db(api);
  std::string columns = "c0";
  for (int i = 1; i < 100; ++i) columns += ",c" + std::to_string(i);
  db.raw(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE, b, CHECK (length(a) <> 45000));"
      "CREATE TABLE long_row_parts (key TEXT PRIMARY KEY, v NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE wide (" +
      columns + ")");
  for (const int bytes : {49'000, 60'000, 150'000, 1'999'000})
    db.raw("INSERT INTO t (a, b) VALUES (randomblob(?), 'short''ly' || char(10))", {bytes});
  const std::string special = "it's \xC3\xA9\n\r\\n \"x\"; -- ";
  std::string text;
  while (text.size() < 1'900'000) text += special;
  for (const std::size_t count : {std::size_t{3'000}, std::size_t{8'000}, text.size() / special.size()})
    db.raw("INSERT INTO t (a, b) VALUES (?, 5)", {text.substr(0, count * special.size())});
  db.raw("INSERT INTO t (a, b) VALUES (CAST(zeroblob(120000) AS TEXT) || 'x', CAST(randomblob(200000) AS TEXT))");
  db.raw("INSERT INTO long_row_parts VALUES (?, randomblob(300000))", {text.substr(0, 5'000 * special.size())});
  std::string cells = "hex(randomblob(8000))";
  for (int i = 1; i < 100; ++i)
    cells += i % 2 == 0 ? ",hex(randomblob(8000))" : ",replace(hex(zeroblob(125)), '0', char(39))";
  CHECK(db.raw("INSERT INTO wide SELECT " + cells).status == 200);
  CHECK(db.rows("SELECT count(*) FROM t") == Json::parse("[[8]]"));

  const std::string dump = db.exported();
  std::size_t longest = 0;
  for (std::size_t at = 0; at < dump.size();) {
    const std::size_t end = dump.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  CHECK(longest <= 100'001);  // with the semicolon
  LocalD1 copy(api, "copy");
  const Json done = copy.import(dump, md5(dump));
  INFO(done.dump());
  CHECK(done.at("status") == "complete");
  CHECK(copy.exported() == dump);
  for (const char* sql :
       {"SELECT id, typeof(a), length(a), typeof(b), length(b) FROM t", "SELECT name FROM sqlite_schema"})
    CHECK(copy.rows(sql) == db.rows(sql));
}

TEST_CASE("embedded D1: a failed import leaves the database as it was, and says why") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  const std::string before = db.bookmark();
  for (const auto& [sql, text] : std::vector<std::pair<std::string, std::string>>{
           {"INSERT INTO t VALUES (1); INSERT INTO nope VALUES (1);", "no such table: nope: SQLITE_ERROR"},
           {"INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)",
            "UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)"},
           {"INSERT INTO t VALUES (1); SELECT '" + std::string(100'000, 'x') + "'",
            "statement too long: SQLITE_TOOBIG"},
           {"SELECT '" + std::string(3'000'000, 'x'), "statement too long: SQLITE_TOOBIG"}}) {
    const Json failed = db.import(sql, md5(sql));
    CHECK(failed.at("success") == false);
    CHECK(failed.at("status") == "error");
    CHECK(failed.at("error") == text);
    CHECK(db.rows("SELECT count(*) FROM t") == Json::parse("[[0]]"));
    CHECK(db.bookmark() == before);
    // The file is asked for again.
    CHECK(db.post("/import", {{"action", "init"}, {"etag", md5(sql)}}).result().contains("upload_url"));
  }
}

TEST_CASE("embedded D1: an upload whose md5 is not the announced one is refused when it is ingested") {
  LocalApi api;
  LocalD1 db(api);
  const Json begun = db.post("/import", {{"action", "init"}, {"etag", md5("SELECT 1")}}).result();
  CHECK(db.at_url("PUT", begun.at("upload_url").get<std::string>(), "SELECT 2").header("etag") ==
        "\"" + md5("SELECT 2") + "\"");
  const Answer refused =
      db.post("/import", {{"action", "ingest"}, {"etag", md5("SELECT 1")}, {"filename", begun.at("filename")}});
  CHECK(refused.status == 400);
  CHECK(refused.code() == 7400);
}

TEST_CASE("embedded D1: signed URLs need their token, refuse credentials, and last an hour") {
  LocalApi api;
  LocalD1 db(api);
  const std::string up = db.post("/import", {{"action", "init"}, {"etag", md5("")}}).result().at("upload_url");
  const std::string down = db.signed_export();
  CHECK(up.starts_with("http://127.0.0.1:8787/signed/import/"));
  for (const auto& [method, url] : std::vector<std::pair<std::string, std::string>>{{"PUT", up}, {"GET", down}}) {
    CHECK(db.at_url(method, url).status == 200);
    CHECK(api.send({.method = method, .url = url, .headers = {{"Authorization", "Bearer t"}}}).status == 400);
    CHECK(api.send({.method = method, .url = url, .headers = {{"X-Auth-Key", "t"}}}).status == 400);
    CHECK(db.at_url(method, url.substr(0, url.size() - 1)).status == 403);
  }
  api.clock->advance(3600s);
  CHECK(db.at_url("PUT", up).status == 403);
  CHECK(db.at_url("GET", down).status == 403);
}

TEST_CASE("embedded D1: an export holds the moment it was asked for, and imports into an equal database") {
  LocalApi api;
  LocalD1 db(api);
  db.raw(
      "CREATE TABLE child (p INT REFERENCES parent (id));"
      "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, s TEXT, r REAL, b BLOB, n, g GENERATED ALWAYS AS (id "
      "+ 1));"
      "CREATE TABLE \"odd \"\"name\" (\"a b\" TEXT PRIMARY KEY) WITHOUT ROWID;"
      "CREATE VIEW v AS SELECT id FROM parent;"
      "CREATE TABLE log (id);"
      "CREATE TRIGGER g AFTER INSERT ON parent BEGIN INSERT INTO log VALUES (NEW.id); END;"
      "CREATE TRIGGER iv INSTEAD OF INSERT ON v BEGIN SELECT 1; END;"
      "CREATE INDEX i ON parent (s)");
  db.raw("INSERT INTO parent (s, r, b, n) VALUES (?, ?, ?, 9007199254740993)", {"it's\nnew\r\n", 5, {0, 255}});
  db.raw(
      "INSERT INTO parent (s, r, n) VALUES ('a\\n b' || char(10) || '\\012', 9e999, 5.0), (char(0, 97), -0.1, NULL)");
  db.raw("INSERT INTO child VALUES (1); INSERT INTO \"odd \"\"name\" VALUES ('x')");
  const std::string url = db.signed_export();
  db.raw("INSERT INTO log VALUES ('later')");
  const std::string text = db.at_url("GET", url).body;
  CHECK(text.starts_with("PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE child"));
  CHECK(text.find("later") == std::string::npos);
  CHECK(text.find("replace(replace('it''s\\nnew\\r\\n','\\r',char(13)),'\\n',char(10))") != std::string::npos);

  LocalD1 copy(api, "copy");
  const Json done = copy.import(text, md5(text));
  CHECK(done.at("status") == "complete");
  db.raw("DELETE FROM log WHERE id = 'later'");
  for (const char* sql :
       {"SELECT id, s, r, hex(b), CAST(n AS TEXT), typeof(n), typeof(r), g FROM parent", "SELECT * FROM child",
        "SELECT * FROM log", "SELECT * FROM \"odd \"\"name\"", "SELECT * FROM sqlite_sequence",
        "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2"}) {
    CHECK(copy.rows(sql) == db.rows(sql));
    CHECK_FALSE(copy.rows(sql).empty());
  }
  CHECK(copy.exported() == db.exported());
}

TEST_CASE("embedded D1: an export may leave out data, schema or tables, and refuses virtual tables") {
  LocalApi api;
  LocalD1 db(api);
  db.raw("CREATE TABLE a (x); CREATE TABLE b (y); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
  const std::string head = "PRAGMA defer_foreign_keys=TRUE;\n";
  const std::string schema_a = "CREATE TABLE a (x);\n";
  const std::string data_a = "INSERT INTO \"a\" VALUES(1);\n";
  CHECK(db.exported({{"no_data", true}}) == head + schema_a + "CREATE TABLE b (y);\n");
  CHECK(db.exported({{"no_schema", true}}) == head + data_a + "INSERT INTO \"b\" VALUES(2);\n");
  CHECK(db.exported({{"tables", {"a"}}}) == head + schema_a + data_a);
  CHECK(db.exported({{"tables", Json::array()}}) == db.exported());
  CHECK(db.post("/export", {{"output_format", "file"}}).code() == 7400);
  db.run("CREATE VIRTUAL TABLE f USING fts5(x)");
  CHECK(db.post("/export", {{"output_format", "polling"}}).message() ==
        "D1 Export error: cannot export databases with Virtual Tables (fts5)");
}

TEST_CASE("embedded D1: every bookmark that was handed out is restored, in any order, and sorts by age") {
  const TemporaryFolder folder;
  for (const std::string& path : {std::string(), folder.path()}) {
    LocalApi api({.folder = path});
    LocalD1 db(api);
    std::vector<std::string> bookmarks{db.bookmark()};
    db.run("CREATE TABLE t (a)");
    for (int i = 0; i < 4; ++i) {
      bookmarks.push_back(db.bookmark());
      CHECK(db.bookmark() == bookmarks.back());  // nothing was written
      db.run("SELECT * FROM t");
      CHECK(db.bookmark() == bookmarks.back());
      db.run("INSERT INTO t VALUES (?)", {i});
    }
    CHECK(std::is_sorted(bookmarks.begin(), bookmarks.end()));
    for (const std::string& bookmark : bookmarks) CHECK(bookmark.size() == 59);
    const std::string newest = db.bookmark();

    const auto count = [&] { return db.rows("SELECT count(*) FROM t").at(0).at(0).get<int>(); };
    for (const int states : {3, 1, 4, 2}) {
      const Json restored = db.restore("?bookmark=" + bookmarks[static_cast<std::size_t>(states)]).result();
      CHECK(count() == states - 1);
      CHECK(restored.at("bookmark") == bookmarks[static_cast<std::size_t>(states)]);
      // The undo of a restore.
      CHECK(db.restore("?bookmark=" + restored.at("previous_bookmark").get<std::string>()).status == 200);
      CHECK(count() == 4);
    }
    db.restore("?bookmark=" + bookmarks[0]);
    CHECK(db.error("SELECT * FROM t") == "no such table: t: SQLITE_ERROR");
    db.restore("?bookmark=" + newest);
    CHECK(count() == 4);
    CHECK(db.bookmark() > newest);
  }
}

TEST_CASE("embedded D1: a time is answered by the newest bookmark whose state had begun by then") {
  LocalApi api;
  LocalD1 db(api);
  const auto at = [&](std::chrono::seconds ago) {
    return "?timestamp=" + encoded(cloudflare::detail::format_rfc3339(api.clock->wall() - ago));
  };
  db.run("CREATE TABLE t (a)");
  api.clock->advance(100s);
  const std::string empty = db.bookmark();
  api.clock->advance(100s);
  db.run("INSERT INTO t VALUES (1)");
  api.clock->advance(100s);

  CHECK(db.bookmark(at(101s)) == empty);  // before the write
  CHECK(db.bookmark(at(250s)) == empty);  // the state had begun, though the bookmark is younger
  CHECK(db.bookmark(at(50s)) > empty);    // after the write: the state as it is
  CHECK(db.bookmark(at(50s)) == db.bookmark());
  CHECK(db.restore(at(150s)).result().at("bookmark") == empty);
  CHECK(db.rows("SELECT count(*) FROM t") == Json::parse("[[0]]"));

  CHECK(api.account("GET", db.path + "/time_travel/bookmark" + at(301s)).code() == 7500);      // before it was made
  CHECK(api.account("GET", db.path + "/time_travel/bookmark" + at(-10s)).code() == 7400);      // in the future
  CHECK(api.account("GET", db.path + "/time_travel/bookmark" + at(24h * 31)).code() == 7400);  // beyond 30 days
  CHECK(api.account("GET", db.path + "/time_travel/bookmark?timestamp=x").code() == 7400);
  CHECK(db.restore("").code() == 7400);
  CHECK(db.restore("?bookmark=x").code() == 7400);
  CHECK(db.restore("?bookmark=00000099-00000000-00000000-00000000000000000000000000000000").code() == 7500);
}

TEST_CASE("embedded D1: bookmarks survive in the folder, and go after 30 days") {
  const TemporaryFolder folder;
  std::string path;
  std::string before;
  std::string after;
  {
    LocalApi api({.folder = folder.path()});
    LocalD1 db(api);
    path = db.path;
    db.raw("CREATE TABLE t (a)");
    before = db.bookmark();
    db.run("INSERT INTO t VALUES (1)");
    after = db.bookmark();
  }
  LocalApi api({.folder = folder.path()});
  const auto bookmark = [&] { return api.account("GET", path + "/time_travel/bookmark").result().at("bookmark"); };
  const auto restore = [&](const std::string& to) {
    return api.account("POST", path + "/time_travel/restore?bookmark=" + to);
  };
  const auto rows = [&] {
    return api.account_json("POST", path + "/raw", {{"sql", "SELECT count(*) FROM t"}})
        .result()[0]["results"]["rows"][0][0];
  };
  CHECK(bookmark() == after);
  CHECK(restore(before).status == 200);
  CHECK(rows() == 0);
  CHECK(restore(after).status == 200);
  CHECK(rows() == 1);
  api.clock->advance(24h * 31);
  (void)bookmark();
  CHECK(restore(before).code() == 7500);
}

TEST_CASE("embedded D1: with rate limits on, a database is restored 10 times in 10 minutes") {
  LocalApi api({.rate_limits = true});
  LocalD1 db(api);
  const std::string bookmark = db.bookmark();
  for (int i = 0; i < 10; ++i) CHECK(db.restore("?bookmark=" + bookmark).status == 200);
  CHECK(db.restore("?bookmark=" + bookmark).status == 429);
  api.clock->advance(600s);
  CHECK(db.restore("?bookmark=" + bookmark).status == 200);
}
