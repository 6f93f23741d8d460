// What D1 repeats, and what it must not.

#include <chrono>
#include <functional>

#include "d1_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;

namespace {

using Statement = std::function<void(const cf::D1Database&)>;

/// Every way to send something that may write.
std::vector<Statement> writes() {
  std::vector<Statement> list;
  for (const char* sql :
       {"INSERT INTO t VALUES (1)", "WITH n AS (SELECT 1) SELECT * FROM n", "PRAGMA optimize", "SELECT 1; SELECT 2",
        "-- SELECT\nDELETE FROM t", "/* SELECT */ UPDATE t SET a = 1", "REPLACE INTO t VALUES (1)"})
    list.emplace_back([sql](const cf::D1Database& db) { db.execute(sql); });
  list.emplace_back([](const cf::D1Database& db) { (void)db.query<int>("INSERT INTO t VALUES (1) RETURNING a"); });
  list.emplace_back(
      [](const cf::D1Database& db) { db.for_each_row("INSERT INTO t VALUES (1) RETURNING a", [](const d1::Row&) {}); });
  list.emplace_back([](const cf::D1Database& db) { (void)db.query_json("DELETE FROM t RETURNING *"); });
  list.emplace_back([](const cf::D1Database& db) { db.batch({{.sql = "SELECT 1"}}); });
  list.emplace_back([](const cf::D1Database& db) {
    const auto done = db.insert_many("t", {"a"}, std::vector<std::tuple<int>>{{1}});
    if (done.failure) throw cf::Error(done.failure->error);
  });
  return list;
}

std::vector<Statement> reads() {
  std::vector<Statement> list;
  for (const char* sql : {"SELECT 1", "  select a FROM t", "-- a comment\nSELECT 1;", "VALUES (1)",
                          "EXPLAIN DELETE FROM t", "/* one */ SELECT ';' -- end"})
    list.emplace_back([sql](const cf::D1Database& db) { (void)db.query<int>(sql); });
  list.emplace_back([](const cf::D1Database& db) { db.execute("SELECT 1"); });
  list.emplace_back([](const cf::D1Database& db) { (void)db.query_json("SELECT 1"); });
  list.emplace_back([](const cf::D1Database& db) { (void)db.query("SELECT 1"); });
  list.emplace_back([](const cf::D1Database& db) { db.for_each_row("SELECT 1", [](const d1::Row&) {}); });
  return list;
}

std::vector<FakeReply> unknown_outcomes() {
  return {cut(),
          refused(500, 7500, "internal error"),
          {.status = 502, .body = "<html>bad gateway</html>"},
          {.status = 200, .body = R"({"success":tru)"}};
}

}  // namespace

// Sharp edge 28.
TEST_CASE("a D1 statement that may write is sent once when nobody knows whether it ran, and the error says so") {
  for (const FakeReply& fault : unknown_outcomes()) {
    for (const Statement& statement : writes()) {
      const Scripted s({fault, one()});
      const auto error = error_of([&] { statement(database(s)); });
      CHECK(s.count() == 1);
      CHECK(error.outcome_unknown());
      CHECK(error.attempts() == 1);
    }
  }
}

TEST_CASE("a D1 statement that may write and is not answered in time is sent once") {
  const Scripted s({{.body = one().body, .after = 2min}});
  const auto error = error_of([&] { database(s).execute("INSERT INTO t VALUES (1)"); });
  CHECK(error.kind() == ErrorKind::timeout);
  CHECK(error.outcome_unknown());
  CHECK(s.count() == 1);
}

TEST_CASE("a D1 statement that begins with SELECT, VALUES or EXPLAIN is repeated like any read") {
  for (const FakeReply& fault : {cut(), refused(500, 7500, "internal error")}) {
    for (const Statement& statement : reads()) {
      const Scripted s({fault, raw(R"(["a"])", "[[1]]")});
      CHECK_NOTHROW(statement(database(s)));
      CHECK(s.count() == 2);
    }
  }
}

TEST_CASE("replay_safe lets a D1 statement that may write be repeated") {
  const Scripted s({cut(), one()});
  database(s).with({.replay_safe = true}).execute("INSERT INTO t VALUES (1)");
  CHECK(s.count() == 2);
}

// Sharp edge 29.
TEST_CASE("429, the throttling codes and refused connections are repeated for every D1 statement") {
  for (const FakeReply& fault : {refused(429, 0, "slow down"), refused(400, 971, "throttled"),
                                 refused(500, 6100, "throttled"), no_connection()}) {
    for (const Statement& statement : writes()) {
      const Scripted s({fault, one()});
      CHECK_NOTHROW(statement(database(s)));
      CHECK(s.count() == 2);
    }
  }
}

// Sharp edge 28a.
TEST_CASE("D1 overload is its own kind: not repeated for a write, repeated for a read after a longer pause") {
  for (const auto& [status, code, text] :
       {std::tuple(429, 7429, "x"), std::tuple(503, 7429, "x"),
        std::tuple(500, 7500, "D1 DB is overloaded. Try again."),
        std::tuple(500, 7500, "D1 DB is overloaded. Requests queued for too long.")}) {
    for (const Statement& statement : writes()) {
      const Scripted s({refused(status, code, text), one()});
      CHECK(error_of([&] { statement(database(s)); }).kind() == ErrorKind::overloaded);
      CHECK(s.count() == 1);
    }
    const Scripted s({refused(status, code, text), one()});
    (void)database(s).query<int>("SELECT 1");
    REQUIRE(s.count() == 2);
    CHECK(s.fake->requests()[1].at - s.fake->requests()[0].at >= 1s);  // half of 4 x backoff_base
  }
}

TEST_CASE("D1's documented texts decide kind, repetition and outcome, whatever code and status they come with") {
  struct Row {
    const char* text;
    ErrorKind kind;
    bool repeated;  // reads only
    bool executed_perhaps;
  };
  const Row rows[] = {
      {"Your account has exceeded D1's free tier daily row read limit. Upgrade to a paid plan or wait until tomorrow "
       "(midnight UTC) to continue.",
       ErrorKind::quota_exceeded, false, false},
      {"Your account has exceeded D1's free tier daily row write limit. Upgrade to a paid plan or wait until tomorrow "
       "(midnight UTC) to continue.",
       ErrorKind::quota_exceeded, false, false},
      {"D1 DB is overloaded. Requests queued for too long.", ErrorKind::overloaded, true, false},
      {"D1 DB is overloaded. Too many requests queued.", ErrorKind::overloaded, true, false},
      {"D1 DB storage operation exceeded timeout which caused object to be reset.", ErrorKind::overloaded, true, true},
      {"D1 DB's isolate exceeded its memory limit and was reset.", ErrorKind::overloaded, true, true},
      {"D1 DB exceeded its CPU time limit and was reset.", ErrorKind::overloaded, true, true},
      {"Durable Object exceeded its CPU time limit and was reset.", ErrorKind::overloaded, true, true},
      {"Cannot resolve D1 DB due to transient issue on remote node.", ErrorKind::server, true, false},
      {"D1 DB reset because its code was updated.", ErrorKind::server, true, true},
      {"Internal error while starting up D1 DB storage caused object to be reset.", ErrorKind::server, true, true},
      {"Internal error in D1 DB storage caused object to be reset; reference = 8t4d", ErrorKind::server, true, true},
      {"Network connection lost.", ErrorKind::server, true, true},
      {"D1_ERROR: Network connection lost.", ErrorKind::server, true, true},
      {"Can't read from request stream because client disconnected.", ErrorKind::server, true, true},
      {"internal error; reference = e-Gz3hrU", ErrorKind::server, true, true},
      // SQLite quotes what the caller wrote.
      {"no such table: overloaded: SQLITE_ERROR", ErrorKind::rejected, false, false},
      {"Network connection lost: SQLITE_CONSTRAINT_TRIGGER", ErrorKind::rejected, false, false},
      {"near 'internal error': syntax error at offset 0: SQLITE_ERROR", ErrorKind::rejected, false, false},
  };
  for (const Row& row : rows) {
    for (const auto& [status, code] : {std::pair(400, 7500), {200, 7500}, {404, 10000}, {500, 7500}, {429, 7429}}) {
      if (row.kind == ErrorKind::rejected && status != 400 && status != 200) continue;  // not a refusal of SQL
      INFO(row.text << " with " << status << ' ' << code);
      const FakeReply fault = refused(status, code, row.text);
      for (const Statement& statement : writes()) {
        const Scripted s({fault, one()});
        const auto error = error_of([&] { statement(database(s)); });
        CHECK(error.kind() == row.kind);
        CHECK(error.outcome_unknown() == row.executed_perhaps);
        CHECK((error.details().delivery == cf::Delivery::unknown) == row.executed_perhaps);
        CHECK(s.count() == 1);
      }
      for (const Statement& statement : reads()) {
        const Scripted s({fault, one()});
        if (row.repeated) {
          CHECK_NOTHROW(statement(database(s)));
          CHECK(s.count() == 2);
          const auto pause = s.fake->requests()[1].at - s.fake->requests()[0].at;
          CHECK((pause >= 1s || row.kind == ErrorKind::server));
        } else {
          CHECK(error_of([&] { statement(database(s)); }).kind() == row.kind);
          CHECK(s.count() == 1);
        }
      }
    }
  }
}

TEST_CASE("the texts of D1 mean nothing for other products, and replay_safe lets a write be repeated after them") {
  const Scripted kv({refused(400, 10001, "Network connection lost.")});
  CHECK(error_of([&] { (void)kv.kv().get("k"); }).kind() == ErrorKind::rejected);
  CHECK(kv.count() == 1);
  const Scripted s({refused(400, 7500, "Network connection lost."), one()});
  database(s).with({.replay_safe = true}).execute("INSERT INTO t VALUES (1)");
  CHECK(s.count() == 2);
}

TEST_CASE("a failed result inside a successful envelope is an error, also an overload") {
  const Scripted refused_inside({ok(R"([{"success":false,"error":"no such table: t","results":[],"meta":{}}])")});
  const auto error = error_of([&] { (void)database(refused_inside).query<int>("SELECT 1"); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.messages().at(0).message == "no such table: t");
  const Scripted second({ok(R"([{"success":true,"results":{"columns":[],"rows":[]},"meta":{}},)"
                            R"({"success":false,"error":"D1 DB is overloaded","code":7429}])")});
  const auto overloaded = error_of([&] { database(second).execute("DELETE FROM a; DELETE FROM b"); });
  CHECK(overloaded.kind() == ErrorKind::overloaded);
  CHECK_THAT(std::string(overloaded.what()), Catch::Matchers::ContainsSubstring("statement 1"));
  const Scripted lost({ok(R"([{"success":false,"error":"Network connection lost."}])")});
  const auto restarted = error_of([&] { database(lost).execute("DELETE FROM t"); });
  CHECK(restarted.kind() == ErrorKind::server);
  CHECK(restarted.outcome_unknown());
  CHECK_FALSE(overloaded.outcome_unknown());
  const Scripted plainly({ok(R"([{"success":false,"error":"UNIQUE constraint failed: t.a"}])")});
  CHECK_FALSE(error_of([&] { database(plainly).execute("INSERT INTO t VALUES (1)"); }).outcome_unknown());
  const Scripted unreadable({ok(R"([{"success":tru)")});
  CHECK(error_of([&] { database(unreadable).execute("INSERT INTO t VALUES (1)"); }).outcome_unknown());
  const Scripted many({ok(R"([{"success":false,"error":"disk full"}])")});
  const auto done = database(many).insert_many("t", {"a"}, std::vector<std::tuple<int>>{{1}});
  REQUIRE(done.failure);
  CHECK_THAT(std::string(done.failure->error.what()), Catch::Matchers::ContainsSubstring("disk full"));
  CHECK_FALSE(done.failure->error.outcome_unknown());
}

// Sharp edge 45.
TEST_CASE("a timeout or an overload of a large D1 request names import; a small request or another error does not") {
  const auto import = Catch::Matchers::ContainsSubstring("import");
  const std::string large = "INSERT INTO t VALUES ('" + std::string(60'000, 'x') + "')";
  for (const bool overload : {true, false}) {
    for (const bool is_large : {true, false}) {
      const Scripted s;
      if (overload)
        s.fake->reply(refused(429, 7429, "overloaded"));
      else
        s.fake->reply({.body = one().body, .after = 2min});
      const auto error = error_of([&] { database(s).execute(is_large ? large : "INSERT INTO t VALUES (1)"); });
      if (is_large)
        CHECK_THAT(std::string(error.what()), import);
      else
        CHECK_THAT(std::string(error.what()), !import);
    }
  }
  const Scripted s({refused(400, 7500, "no such table")});
  CHECK_THAT(std::string(error_of([&] { database(s).execute(large); }).what()), !import);
  const Scripted kv({{.after = 2min}});
  CHECK_THAT(std::string(error_of([&] { kv.kv().put("k", std::string(60'000, 'x')); }).what()), !import);
}

// Sharp edges 35 and 51.
TEST_CASE("an error of D1 has a name for its code, the ray and the cf-d1 header") {
  FakeReply reply = refused(404, 7404, "not found");
  reply.headers = {{"cf-ray", "ray-1"}, {"cf-d1", "node-1"}};
  const Scripted s({reply, refused(400, 7400, "bad"), refused(400, 7500, "SQL"), refused(403, 7403, "no")});
  const auto db = database(s);
  const auto missing = error_of([&] { db.execute("DELETE FROM t"); });
  CHECK(missing.code() == cf::ErrorCode::d1_database_not_found);
  CHECK(missing.kind() == ErrorKind::not_found);
  CHECK(missing.ray_id() == "ray-1");
  CHECK(missing.cf_d1() == "node-1");
  const auto bad = error_of([&] { db.execute("DELETE FROM t"); });
  CHECK(bad.code() == cf::ErrorCode::d1_bad_request);
  CHECK(bad.kind() == ErrorKind::rejected);
  CHECK(error_of([&] { db.execute("DELETE FROM t"); }).code() == cf::ErrorCode::d1_sql);
  CHECK(error_of([&] { db.execute("DELETE FROM t"); }).kind() == ErrorKind::unauthorized);
}

TEST_CASE("neither SQL nor parameters show in an error of D1") {
  const Scripted s({cut()});
  const auto error = error_of([&] { database(s).execute("INSERT INTO secret_table VALUES (?)", {"secret value"}); });
  CHECK_THAT(std::string(error.what()), !Catch::Matchers::ContainsSubstring("secret"));
}
