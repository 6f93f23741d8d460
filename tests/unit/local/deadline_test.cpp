// Calls of the embedded store end at their deadline and by their stop token, whatever they are doing or waiting for.
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "local_d1_support.hpp"
#include "local_kv_support.hpp"

using namespace cloudflare_tests;
using namespace std::chrono_literals;
using cloudflare::Delivery;
using cloudflare::Error;
using cloudflare::ErrorKind;

namespace {

const std::string endless = "WITH RECURSIVE r(a) AS (VALUES(1) UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r";

// Far more than any deadline here, and far less than any of these calls would take by itself.
constexpr auto soon = 10s;

cloudflare::HttpResponse raw(LocalApi& api, const LocalD1& db, const std::string& sql,
                             const cloudflare::TransferLimits& limits) {
  return api.service.send({.method = "POST",
                           .url = "http://127.0.0.1/client/v4/accounts/local" + db.path + "/raw",
                           .headers = {{"Authorization", "Bearer t"}},
                           .body = Json({{"sql", sql}}).dump()},
                          limits);
}

cloudflare::TransferLimits within(std::chrono::milliseconds time) {
  return {.deadline = std::chrono::steady_clock::now() + time};
}

// The Error of `call`, which has to come soon.
Error error_of(const std::function<void()>& call) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<Error> error;
  try {
    call();
  } catch (const Error& thrown) {
    error = thrown;
  }
  CHECK(std::chrono::steady_clock::now() - begin < soon);
  REQUIRE(error);
  return *error;
}

void check_timeout(const Error& error) {
  CHECK(error.kind() == ErrorKind::timeout);
  CHECK(error.details().delivery == Delivery::not_sent);
}

}  // namespace

TEST_CASE("embedded store: a statement ends with the deadline of its call, and what it wrote is undone") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (a, b)");
  const std::string rows = "WITH RECURSIVE r(a) AS (VALUES(1) UNION ALL SELECT a + 1 FROM r) ";
  for (const std::string& sql :
       {endless, rows + "INSERT INTO t SELECT a, a FROM r", "INSERT INTO t VALUES (1, 1);" + endless,
        rows + "SELECT a FROM r ORDER BY -a", rows + "SELECT length(group_concat(hex(zeroblob(9000)))) FROM r",
        rows + "SELECT sum(length(hex(zeroblob(900000)))) FROM r"}) {
    CAPTURE(sql);
    check_timeout(error_of([&] { (void)raw(api, db, sql, within(200ms)); }));
    CHECK(db.rows("SELECT count(*) FROM t") == Json::parse("[[0]]"));
  }
  CHECK(db.raw("INSERT INTO t VALUES (1, 1)").status == 200);
}

TEST_CASE("embedded store: a stop token ends a statement, and a call that comes too late does not begin") {
  LocalApi api;
  LocalD1 db(api);
  std::stop_source source;
  {
    std::jthread stopper([&] {
      std::this_thread::sleep_for(50ms);
      source.request_stop();
    });
    const Error error = error_of([&] { (void)raw(api, db, endless, {.stop = source.get_token()}); });
    CHECK(error.kind() == ErrorKind::cancelled);
    CHECK(error.details().delivery == Delivery::not_sent);
  }
  CHECK(error_of([&] { (void)raw(api, db, "CREATE TABLE t (a)", {.stop = source.get_token()}); }).kind() ==
        ErrorKind::cancelled);
  check_timeout(error_of([&] { (void)raw(api, db, "CREATE TABLE t (a)", within(-1ms)); }));
  CHECK(db.rows("SELECT count(*) FROM sqlite_schema") == Json::parse("[[0]]"));
}

TEST_CASE("embedded store: a call that waits for a busy database ends in time, and lists of databases do not wait") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (a)");
  const auto details = [&] { return api.account("GET", db.path).result(); };
  const Json before = details();
  std::stop_source source;
  std::jthread busy([&] {
    try {
      (void)raw(api, db, endless, {.stop = source.get_token()});
    } catch (const Error&) {
    }
  });
  for (bool waited = false; !waited;) try {
      (void)raw(api, db, "SELECT 1", within(50ms));
    } catch (const Error& error) {
      check_timeout(error);
      waited = true;
    }
  CHECK(details().at("num_tables") == before.at("num_tables"));
  CHECK(api.account("GET", LocalD1::databases).result().at(0).at("file_size") == before.at("file_size"));
  check_timeout(error_of([&] {
    (void)api.service.send({.method = "GET",
                            .url = "http://127.0.0.1/client/v4/accounts/local" + db.path + "/time_travel/bookmark",
                            .headers = {{"Authorization", "Bearer t"}}},
                           within(100ms));
  }));
  std::stop_source other;
  std::jthread stopper([&] { other.request_stop(); });
  CHECK(error_of([&] { (void)raw(api, db, "SELECT 1", {.stop = other.get_token()}); }).kind() == ErrorKind::cancelled);
  source.request_stop();
  busy.join();
  CHECK(db.rows("SELECT 1") == Json::parse("[[1]]"));
}

TEST_CASE("embedded store: statements that take long to prepare end with the deadline too") {
  LocalApi api;
  LocalD1 db(api);
  db.raw("CREATE TABLE t (a); CREATE VIEW v0 AS SELECT a FROM t");
  for (int i = 1; i < 16; ++i) {
    const std::string last = "v" + std::to_string(i - 1);
    db.run("CREATE VIEW v" + std::to_string(i) + " AS SELECT l.a FROM " + last + " l, " + last + " r");
  }
  check_timeout(error_of([&] { (void)raw(api, db, "SELECT count(*) FROM v13", within(100ms)); }));
  CHECK(db.error("SELECT 1 IN (1" + [] {
    std::string list;
    for (int i = 0; i < 45'000; ++i) list += ",1";
    return list;
  }() + ")") == "out of memory: SQLITE_NOMEM");
}

TEST_CASE("embedded store: an import ends with the deadline, wherever it is, and leaves the database as it was") {
  LocalApi api;
  LocalD1 db(api);
  db.run("CREATE TABLE t (a)");
  const std::string sql = "INSERT INTO t VALUES (1);" + endless + ";";
  const std::string etag = "00000000000000000000000000000000";
  const Json begun = db.post("/import", {{"action", "init"}, {"etag", etag}}).result();
  const std::string url = begun.at("upload_url").get<std::string>();
  int pieces = 0;
  std::stop_source source;
  const auto drip = cloudflare::Body::callback([&](std::span<char> to) -> std::size_t {
    if (++pieces == 5) source.request_stop();
    to[0] = ' ';
    return 1;
  });
  CHECK(error_of([&] {
          (void)api.service.send({.method = "PUT", .url = url, .body = drip}, {.stop = source.get_token()});
        }).kind() == ErrorKind::cancelled);
  CHECK(pieces == 5);
  const Answer uploaded = db.at_url("PUT", url, sql);
  const std::string digest = uploaded.header("etag").substr(1, 32);
  const Json again = db.post("/import", {{"action", "init"}, {"etag", digest}}).result();
  CHECK(db.at_url("PUT", again.at("upload_url").get<std::string>(), sql).status == 200);
  check_timeout(error_of([&] {
    (void)api.service.send(
        {.method = "POST",
         .url = "http://127.0.0.1/client/v4/accounts/local" + db.path + "/import",
         .headers = {{"Authorization", "Bearer t"}},
         .body = Json({{"action", "ingest"}, {"etag", digest}, {"filename", again.at("filename")}}).dump()},
        within(200ms));
  }));
  CHECK(db.rows("SELECT count(*) FROM t") == Json::parse("[[0]]"));
}

TEST_CASE("embedded store: a client's timeout and stop token end its calls, whatever its clock") {
  const cloudflare::local::Cloudflare store;
  const auto client = store.client();
  const auto database = client.d1(store.client().d1_databases().create("deadline").uuid);
  const auto begin = std::chrono::steady_clock::now();
  const Error late = error_of([&] { (void)database.with({.timeout = 200ms}).query_value<int>(endless); });
  CHECK(late.kind() == ErrorKind::timeout);
  CHECK_FALSE(late.outcome_unknown());
  const Error write = error_of(
      [&] { (void)database.with({.timeout = 200ms}).execute("CREATE TABLE t (a); INSERT INTO t " + endless); });
  CHECK(write.kind() == ErrorKind::timeout);
  CHECK_FALSE(write.outcome_unknown());
  CHECK(database.query_value<int>("SELECT count(*) FROM sqlite_schema") == 0);

  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    source.request_stop();
  });
  CHECK(error_of([&] { (void)database.with({.stop = source.get_token()}).query_value<int>(endless); }).kind() ==
        ErrorKind::cancelled);
  CHECK(std::chrono::steady_clock::now() - begin < 3 * soon);

  // This clock is behind the machine's, or before it.
  for (const auto move : {0h, 24h * 365 * 100}) {
    const auto clock = std::make_shared<cloudflare::testing::FakeClock>();
    clock->advance(move);
    const auto other = store.client({.clock = clock});
    CHECK(other.d1(database.id()).query_value<int>("SELECT 1") == 1);
  }
}

TEST_CASE("embedded D1: functions that SQLite cannot interrupt answer as its own do, and never take long") {
  LocalApi api;
  LocalD1 db(api);
  CHECK(db.rows("SELECT instr('abc','c'), instr('h\xC3\xA9llo','l'), instr(x'0102',x'02'), instr('abc',x'63'), "
                "instr(NULL,1), "
                "instr('a',''), instr('',''), instr(123,2), instr('','a'), instr(x'',x''), instr(x'01',x''), "
                "instr(x'c3a9',x'a9'), instr('\xC3\xA9',CAST(x'a9' AS TEXT)), instr('aab','ab')") ==
        Json::parse("[[3,3,2,3,null,1,1,2,0,1,1,2,0,2]]"));
  CHECK(db.rows(
            "SELECT replace('abc','b','xx'), replace('abc','','x'), typeof(replace(5,'x','y')), replace('aaa','a',''), "
            "replace(x'616263','b','x'), replace(NULL,'a','b'), replace('a','a',NULL), replace('a',NULL,'b'), "
            "replace('abc','d',5), typeof(replace(5,'','x')), replace('aXbX','X','YZ'), replace('aaaa','aa','b')") ==
        Json::parse(R"([["axxc","abc","text","","axc",null,null,null,"abc","integer","aYZbYZ","bb"]])"));
  CHECK(
      db.rows("SELECT trim('aba','a'), hex(trim(x'0001',x'00')), ltrim('  x '), rtrim('\xC3\xA9\xC3\xA9','\xC3\xA9'), "
              "trim('abc',''), typeof(trim(5,'x')), trim(NULL,'a'), trim('a',NULL), trim(' x '), rtrim(' x '), "
              "ltrim('xyxz','yx'), trim('\xC3\xA9x\xC3\xA8','\xC3\xA8\xC3\xA9')") ==
      Json::parse(R"([["b","0001","x ","","abc","text",null,null,"x"," x","z","x"]])"));
  const auto begin = std::chrono::steady_clock::now();
  CHECK(db.rows("SELECT instr(zeroblob(2000000), CAST(zeroblob(999999) || x'01' AS BLOB))") == Json::parse("[[0]]"));
  CHECK(db.rows("SELECT length(replace(hex(zeroblob(900000)), hex(zeroblob(450000)) || '1', 'x'))") ==
        Json::parse("[[1800000]]"));
  CHECK(db.rows("SELECT length(trim(hex(zeroblob(900000)), replace(hex(zeroblob(400000)), '0', '12') || '0'))") ==
        Json::parse("[[0]]"));
  const std::string too_big = "string or blob too big: SQLITE_TOOBIG";
  for (const char* call :
       {"printf('%.*c', 2000000000, 'x')", "format('%.2000000000c', 'x')", "printf('%*d', 2000000000, 1)",
        "printf('%s%%%d%-*.*c', 'a', 5, 3, 2000001, 'x')", "printf('%.2000001c', 'x')"})
    CHECK(db.error("SELECT length(" + std::string(call) + ")") == too_big);
  CHECK(db.rows("SELECT length(printf('%.900000c', 'x')), printf('%5d|%-4s|%.2f|%q%%', 42, 'ab', 1.25, 'it''s'), "
                "format('%*.3c|', 7, 'ab'), printf(), printf(NULL), format('%s')") ==
        Json::parse(R"([[900000,"   42|ab  |1.25|it''s%","    aaa|",null,null,""]])"));
  CHECK(db.rows("SELECT json_patch('{\"a\":1,\"b\":2}', '{\"a\":null,\"c\":3}'), "
                "json_array(json_patch('{}', '{\"a\":[1]}')), json_patch(NULL, '{}')") ==
        Json::parse(R"([["{\"b\":2,\"c\":3}","[{\"a\":[1]}]",null]])"));
  CHECK_THAT(db.error("SELECT json_patch('', '{')"), Catch::Matchers::StartsWith("malformed JSON"));
  CHECK(db.error("SELECT json_patch(hex(zeroblob(500000)), hex(zeroblob(500000)))") ==
        "json_patch: both texts are too large: SQLITE_ERROR");
  CHECK(db.error("SELECT replace(hex(zeroblob(900000)), '0', hex(zeroblob(900)))") ==
        "string or blob too big: SQLITE_TOOBIG");
  CHECK(std::chrono::steady_clock::now() - begin < soon);
}
