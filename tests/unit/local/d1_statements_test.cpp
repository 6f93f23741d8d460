// D1 of the embedded store keeps prepared statements. A statement that runs again must answer as one that is new: here
// the same calls are made to two databases, of which one sees each text for the first time, every time.
#include <array>
#include <random>

#include "local/d1/engine.hpp"
#include "local/storage/call_limits.hpp"
#include "local_d1_support.hpp"

using namespace cloudflare_tests;

namespace {

// A comment with a number of its own makes a text new. Its length is always the same, as messages tell offsets.
std::string with_comment(int number, const std::string& sql) {
  const std::string digits = std::to_string(100'000 + number);
  return "/* " + digits + " */ " + sql;
}

// What must be the same: everything but the times that the statements took.
std::string comparable(const Answer& answer) {
  Json body = answer.json();
  if (body.contains("result") && body.at("result").is_array())
    for (Json& result : body.at("result")) {
      result.at("meta").erase("duration");
      result.at("meta").erase("timings");
    }
  return std::to_string(answer.status) + " " + body.dump();
}

struct Step {
  std::string sql;
  std::vector<Json> params{};  // one of them is chosen
};

const std::vector<Step>& steps() {
  static const std::vector<Step> all{
      {"INSERT INTO t (a, b) VALUES (?, ?)", {{1, "x"}, {2, "Xy"}, {nullptr, "x"}, {3, {1, 2}}}},
      {"INSERT INTO t (a) VALUES (7) RETURNING a, b"},
      {"INSERT INTO t SELECT a + 100, b FROM t LIMIT 3"},
      {"SELECT * FROM t ORDER BY rowid"},
      {"SELECT count(*), sum(a) FROM t WHERE a = ?", {{1}, {2}, {99}}},
      {"SELECT a FROM t WHERE b LIKE ? ORDER BY rowid", {{"x%"}, {"X%"}}},
      {"SELECT * FROM v"},
      {"SELECT name FROM sqlite_schema ORDER BY name"},
      {"UPDATE t SET a = a + 1 WHERE a < ?", {{2}, {50}}},
      {"DELETE FROM t WHERE a > ?", {{2}, {100}}},
      {"INSERT INTO child VALUES (?)", {{1}, {12345}}},
      {"SELECT abs(?)", {{-1}, {"-1"}}},
      {"SELECT * FROM t, t AS u WHERE t.a = ? LIMIT 2", {{1}}},
      {"CREATE TABLE IF NOT EXISTS t (a INTEGER, b TEXT)"},
      {"CREATE TABLE IF NOT EXISTS t (b TEXT, a REAL, c DEFAULT 5)"},
      {"DROP TABLE IF EXISTS t"},
      {"ALTER TABLE t ADD COLUMN added"},
      {"ALTER TABLE t RENAME COLUMN b TO b2"},
      {"CREATE UNIQUE INDEX IF NOT EXISTS by_a ON t (a)"},
      {"DROP INDEX IF EXISTS by_a"},
      {"CREATE VIEW IF NOT EXISTS v AS SELECT a FROM t"},
      {"DROP VIEW IF EXISTS v"},
      {"CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY)"},
      {"CREATE TABLE IF NOT EXISTS child (p REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"},
      {"CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN UPDATE t SET a = a + 1000 WHERE a = 7; END"},
      {"DROP TRIGGER IF EXISTS g"},
      {"PRAGMA case_sensitive_like = ON"},
      {"PRAGMA case_sensitive_like = OFF"},
      {"PRAGMA foreign_keys = OFF"},
      {"PRAGMA foreign_keys = ON"},
      {"PRAGMA table_info(t)"},
      {"SELECT name FROM pragma_table_info('t')"},
      {"ANALYZE"},
      {"SELECT 1; SELECT count(*) FROM t"},
      {"nonsense"},
  };
  return all;
}

const std::vector<Step>& steps_of_search() {
  static const std::vector<Step> all{
      {"CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(body)"},
      {"INSERT INTO f VALUES (?)", {{"one two"}, {"two three"}}},
      {"SELECT rowid, body FROM f WHERE f MATCH ? ORDER BY rank", {{"two"}, {"three"}, {"\"broken"}}},
      {"DELETE FROM f WHERE rowid = ?", {{1}, {2}}},
      {"INSERT INTO f (f) VALUES ('rebuild')"},
      {"DROP TABLE IF EXISTS f"},
  };
  return all;
}

}  // namespace

TEST_CASE("embedded D1: a statement that runs again answers as a new one, whatever the schema became in between") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&random](std::size_t end) { return static_cast<std::size_t>(random() % end); };
    LocalApi api;
    LocalD1 again(api, "again");
    LocalD1 once(api, "once");
    int texts = 0;
    std::array<std::vector<std::string>, 2> bookmarks;
    // Few texts in each story, so that they come again often.
    std::vector<Step> few(8);
    for (Step& step : few) step = steps()[below(steps().size())];
    for (const unsigned common : {0U, 1U, 2U, 3U, 13U})
      few.push_back(steps()[common]);  // 13 creates the table of the others
    const bool searches = seed % 2 == 1;
    if (searches) few.insert(few.end(), steps_of_search().begin(), steps_of_search().end());
    for (int call = 0; call < 60; ++call) {
      CAPTURE(call);
      if (below(12) == 0) {  // a restore
        bookmarks[0].push_back(again.bookmark());
        bookmarks[1].push_back(once.bookmark());
        const std::size_t which = below(bookmarks[0].size());
        REQUIRE(again.restore("?bookmark=" + bookmarks[0][which]).status == 200);
        REQUIRE(once.restore("?bookmark=" + bookmarks[1][which]).status == 200);
        continue;
      }
      Json as_it_is = Json::array();
      Json new_text = Json::array();
      for (std::size_t count = below(3) == 0 ? 3 : 1; count > 0; --count) {
        const Step& step = few[below(few.size())];
        const Json params = step.params.empty() ? Json::array() : step.params[below(step.params.size())];
        as_it_is.push_back({{"sql", with_comment(0, step.sql)}, {"params", params}});
        new_text.push_back({{"sql", with_comment(++texts, step.sql)}, {"params", params}});
      }
      CAPTURE(as_it_is.dump());
      const Answer left = again.post("/query", {{"batch", as_it_is}});
      const Answer right = once.post("/query", {{"batch", new_text}});
      REQUIRE(comparable(left) == comparable(right));
      if (call % 10 == 0 && !searches) CHECK(again.exported() == once.exported());
    }
  }
}

TEST_CASE("embedded D1: more statements than are kept, in turns, bind their own parameters") {
  LocalApi api;
  LocalD1 db(api);
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 40; ++i) {
      const Json found = db.rows("SELECT ?, ? AS n" + std::to_string(i), {std::string(50, 'v'), i + round});
      CHECK(found == Json::array({Json::array({std::string(50, 'v'), i + round})}));
      CHECK(db.rows("SELECT ?", {i}) == Json::array({Json::array({i})}));
    }
  // None is left of the call before.
  CHECK(db.error("SELECT ?") == "Wrong number of parameter bindings for SQL query.");
  CHECK(db.rows("SELECT ?", {nullptr}) == Json::parse("[[null]]"));
}

TEST_CASE("embedded D1: a statement that failed in its middle runs again, and rows read are counted for each run") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (a UNIQUE)");
  const std::string insert = "INSERT INTO t VALUES (?), (?), (?)";
  CHECK(db.run(insert, {1, 2, 3}).at("meta").at("changes") == 3);
  CHECK(db.error(insert, {4, 5, 1}) ==
        "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)");
  CHECK(db.run(insert, {4, 5, 6}).at("meta").at("changes") == 3);
  for (int i = 0; i < 3; ++i) CHECK(db.run("SELECT * FROM t").at("meta").at("rows_read") == 6);
}

TEST_CASE("embedded D1: the size after a statement is that of the database, also after one that was undone") {
  LocalApi api;
  LocalD1 db(api);
  const std::string select = "SELECT count(*) FROM t";
  db.run("CREATE TABLE t (a)");
  const Json empty = db.run(select).at("meta").at("size_after");
  const Json grow = {{"sql", "INSERT INTO t VALUES (?)"}, {"params", {std::string(50'000, 'x')}}};
  CHECK(db.post("/query", {{"batch", {grow, {{"sql", "nonsense"}}}}}).status == 400);
  CHECK(db.run(select).at("meta").at("size_after") == empty);
  CHECK(db.run(select).at("meta").at("changed_db") == false);
  const Json grown = db.post("/query", {{"batch", {grow, {{"sql", select}}}}}).result();
  CHECK(grown.at(0).at("meta").at("size_after").get<int>() > empty.get<int>() + 49'000);
  CHECK(grown.at(1).at("meta").at("size_after") == grown.at(0).at("meta").at("size_after"));
  CHECK(grown.at(1).at("meta").at("changed_db") == false);
  const std::string full = db.bookmark();
  CHECK(db.run("DROP TABLE t").at("meta").at("size_after") < empty);
  REQUIRE(db.restore("?bookmark=" + full).status == 200);
  CHECK(db.run(select).at("meta").at("size_after") == grown.at(0).at("meta").at("size_after"));
}

namespace {

// Runs a statement on the engine itself.
void run(cloudflare::local::D1Engine& engine, const std::string& sql, const std::string& param = {}) {
  cloudflare::local::D1Query query{.sql = sql};
  if (!param.empty()) query.params = {{.kind = cloudflare::local::Json::Kind::string, .string = param}};
  (void)engine.run(std::span(&query, 1), cloudflare::local::D1Format::rows, 1'000'000);
}

int prepared(cloudflare::local::D1Engine& engine) {
  int count = 0;
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(engine.database().handle(), at)) != nullptr;) ++count;
  return count;
}

}  // namespace

TEST_CASE("embedded D1: at most 16 statements are kept, and none that takes much memory") {
  cloudflare::local::Watchdog watchdog;
  cloudflare::local::D1Engine engine("", watchdog);
  const int own = prepared(engine);
  run(engine, "SELECT 1");
  run(engine, "SELECT 1");
  CHECK(prepared(engine) == own + 1);
  std::string view = "SELECT 1 AS a";
  for (int i = 0; i < 4; ++i) {
    run(engine, "CREATE VIEW v" + std::to_string(i) + " AS " + view);
    const std::string name = "v" + std::to_string(i);
    view = "SELECT (SELECT a FROM " + name + ") + (SELECT a FROM " + name + ") + (SELECT a FROM " + name +
           ") + (SELECT a FROM " + name + ") + (SELECT a FROM " + name + ") AS a";
  }
  CHECK(prepared(engine) == own);  // the views changed the schema
  run(engine, view);
  CHECK(prepared(engine) == own);
  for (int i = 0; i < 40; ++i) run(engine, "SELECT " + std::to_string(i));
  CHECK(prepared(engine) == own + 16);
}

TEST_CASE("embedded D1: a kept statement that is prepared again when its call is over says so") {
  using cloudflare::local::CallLimits;
  cloudflare::local::Watchdog watchdog;
  cloudflare::local::D1Engine engine("", watchdog);
  run(engine, "CREATE TABLE t (a TEXT)");
  const std::string erase = "DELETE FROM t WHERE a LIKE ?";  // SQLite prepares it for each pattern
  run(engine, erase, "x%");
  std::stop_source source;
  const CallLimits limits(cloudflare::TimePoint::max(), source.get_token());
  engine.before_write = [&source] { source.request_stop(); };
  try {
    run(engine, erase, "y%");
    FAIL("nothing was thrown");
  } catch (const cloudflare::Error& error) {
    CHECK(error.kind() == cloudflare::ErrorKind::cancelled);
    CHECK(error.details().delivery == cloudflare::Delivery::not_sent);
  }
}
