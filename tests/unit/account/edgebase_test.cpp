// EdgeBase on the wire: what is sent, what replies mean, what is sent again.

#include "edgebase_support.hpp"
#include "support/system.hpp"

using namespace edgebase_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;
using support::set_variable;

namespace {

/// Checks that the request went to `path` with `body` as one JSON document, and with the key in its header alone.
void sent(const Server& s, const std::string& path, const json& body) {
  CHECK(s.fake->problems().empty());
  REQUIRE(s.count() == 1);
  const SentRequest request = s.fake->requests()[0];
  CHECK(request.method == "POST");
  CHECK(request.url == "https://edge.example/api/" + path);
  CHECK(json::parse(request.body) == body);
  std::map<std::string, std::string> headers;
  for (const auto& header : request.headers) CHECK(headers.emplace(header.name, header.value).second);
  CHECK(headers.erase("User-Agent") == 1);
  CHECK(headers == std::map<std::string, std::string>{{"Accept", "application/json"},
                                                      {"Content-Type", "application/json"},
                                                      {"X-EdgeBase-Service-Key", key}});
  CHECK(request.body.find(key) == std::string::npos);
}

}  // namespace

TEST_CASE("each action of KV sends one JSON document with the documented fields and the key in its header alone") {
  {
    Server s{bare(R"({"value":"cached-data"})")};
    CHECK(s.kv().get("user:123") == "cached-data");
    sent(s, "kv/cache", {{"action", "get"}, {"key", "user:123"}});
  }
  {
    Server s{bare(R"({"ok":true})")};
    s.kv().put("user:123", "cached-data", {.ttl = 300s});
    sent(s, "kv/cache", {{"action", "set"}, {"key", "user:123"}, {"value", "cached-data"}, {"ttl", 300}});
  }
  {
    Server s{bare(R"({"ok":true})")};
    s.kv().put("k", "");
    sent(s, "kv/cache", {{"action", "set"}, {"key", "k"}, {"value", ""}});
  }
  {
    Server s{bare(R"({"ok":true})")};
    s.kv().erase("user:123");
    sent(s, "kv/cache", {{"action", "delete"}, {"key", "user:123"}});
  }
  {
    Server s{bare(R"({"keys":["user:1","user:2"],"cursor":null})")};
    const auto page = s.kv().list_page({.prefix = "user:", .limit = 1, .cursor = "c"});
    CHECK(page.keys.at(1).name == "user:2");
    CHECK(page.cursor.empty());
    sent(s, "kv/cache", {{"action", "list"}, {"prefix", "user:"}, {"limit", 1}, {"cursor", "c"}});
  }
}

TEST_CASE("a statement sends query and params, and nothing else") {
  const std::string reply =
      R"({"results":[{"id":1,"type":"click"}],"meta":{"changes":0,"duration":1.23,"rows_read":10,"rows_written":0}})";
  Server s{bare(reply)};
  const auto rows = s.d1().query<int, std::string>("SELECT * FROM events WHERE type = ? LIMIT 10", {"click"});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0] == std::tuple(1, "click"));
  CHECK(rows.meta().rows_read == 10);
  sent(s, "d1/analytics",
       {{"query", "SELECT * FROM events WHERE type = ? LIMIT 10"}, {"params", json::array({"click"})}});
}

TEST_CASE("names are one segment of the path, whatever they hold") {
  Server s{bare(R"({"value":null})")};
  CHECK_FALSE(s.client().kv("a/b ä").get("k"));
  CHECK(s.fake->requests()[0].url == "https://edge.example/api/kv/a%2Fb%20%C3%A4");
  for (const char* name : {"", ".", ".."}) {
    Server none;
    refuses(
        none, [&] { (void)none.client().kv(name).get("k"); }, "name");
    refuses(
        none, [&] { (void)none.client().d1(name).query<int>("SELECT 1"); }, "name");
    refuses(
        none, [&] { (void)none.client().vectorize(name).info(); }, "name");
  }
}

TEST_CASE("the cursor of the last page is null, absent or empty; an empty page with a cursor is not the last") {
  for (const char* last : {R"({"keys":["c"],"cursor":null})", R"({"keys":["c"]})", R"({"keys":["c"],"cursor":""})"}) {
    Server s{bare(R"({"keys":["a"],"cursor":"1"})"), bare(R"({"keys":[],"cursor":"2"})"), bare(last)};
    std::string names;
    for (const auto& found : s.kv().list({.prefix = "p", .limit = 7})) names += found.name;
    CHECK(names == "ac");
    CHECK(s.body(0) == json{{"action", "list"}, {"prefix", "p"}, {"limit", 7}});
    CHECK(s.body(2) == json{{"action", "list"}, {"prefix", "p"}, {"limit", 7}, {"cursor", "2"}});
  }
  Server turning{bare(R"({"keys":["a"],"cursor":"1"})"), bare(R"({"keys":["b"],"cursor":"1"})")};
  auto pages = turning.kv().pages();
  (void)pages.next();
  CHECK(error_of([&] { (void)pages.next(); }).kind() == ErrorKind::decode);
}

TEST_CASE("what EdgeBase's KV cannot store is refused before sending, with the limit") {
  Server s;
  const auto kv = s.kv();
  refuses(
      s, [&] { kv.put("k", "v", {.ttl = 59s}); }, "60");
  refuses(
      s, [&] { kv.put("k", "v", {.expiration = std::chrono::sys_seconds(9'999'999'999s)}); }, "expiration");
  refuses(
      s,
      [&] {
        kv.put("k", "v", {.metadata = {{"a", 1}}});
      },
      "metadata");
  refuses(
      s, [&] { kv.put("k", "\xFF"); }, "UTF-8");
  refuses(
      s, [&] { (void)kv.get(""); }, "empty");
  refuses(
      s, [&] { kv.erase(std::string(513, 'k')); }, "512");
  for (const int limit : {0, 1001})
    refuses(
        s, [&] { (void)kv.list_page({.limit = limit}); }, "1 to 1000");
}

TEST_CASE("a reply that lacks what was asked for is an error, never an empty value") {
  for (const char* body : {"{}", "[]", "", "<html>", R"({"value":1})", R"({"value":"a"} x)"}) {
    CAPTURE(body);
    CHECK(error_of([&] { (void)Server{bare(body)}.kv().get("k"); }).kind() == ErrorKind::decode);
  }
  for (const char* body : {"{}", R"({"ok":false})", R"({"ok":"yes"})"})
    CHECK(error_of([&] { Server{bare(body)}.kv().put("k", "v"); }).kind() == ErrorKind::decode);
  CHECK(error_of([&] { (void)Server{bare(R"({"cursor":null})")}.kv().list_page(); }).kind() == ErrorKind::decode);
  CHECK(error_of([&] { (void)Server{bare(R"({"meta":{}})")}.d1().query_json("SELECT 1"); }).kind() ==
        ErrorKind::decode);
}

TEST_CASE("status and {code, message} become the kinds that the rest of the library knows") {
  const std::vector<std::pair<int, ErrorKind>> kinds{
      {400, ErrorKind::rejected},     {401, ErrorKind::unauthorized}, {403, ErrorKind::unauthorized},
      {404, ErrorKind::not_found},    {409, ErrorKind::conflict},     {415, ErrorKind::rejected},
      {429, ErrorKind::rate_limited}, {500, ErrorKind::server},       {501, ErrorKind::server}};
  for (const auto& [status, kind] : kinds) {
    CAPTURE(status);
    Server s{refusal(status, "what the server says")};
    const auto error = error_of([&] { (void)s.client({.max_attempts = 1}).kv("cache").get("k"); });
    CHECK(error.kind() == kind);
    CHECK(error.http_status() == status);
    CHECK(static_cast<int>(error.code()) == status);
    CHECK(error.operation() == "edgebase.kv.get");
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("what the server says"));
  }
  Server s{{.status = 400, .body = R"({"code":400,"message":"no","slug":"bad","data":{"field":"key"}})"}};
  const auto error = error_of([&] { (void)s.kv().get("k"); });
  CHECK(json::parse(error.messages().at(0).meta) == json{{"slug", "bad"}, {"data", {{"field", "key"}}}});
  Server html{{.status = 502, .body = "<html><title>Bad gateway</title></html>"}};
  CHECK(error_of([&] { (void)html.client({.max_attempts = 1}).kv("cache").get("k"); }).kind() == ErrorKind::server);
  CHECK(error_of([&] {
          (void)Server{refusal(400, "D1_ERROR: D1 DB is overloaded")}
              .client({.max_attempts = 1})
              .d1("a")
              .query<int>("SELECT 1");
        }).kind() == ErrorKind::overloaded);
}

TEST_CASE("429 waits as long as Retry-After says, and is repeated even for statements that write") {
  FakeReply slow = refusal(429, "Too many requests");
  slow.headers = {{"Retry-After", "7"}};
  Server s{slow, bare(R"({"results":[],"meta":{"changes":1}})")};
  CHECK(s.d1().execute("DELETE FROM events").changes() == 1);
  REQUIRE(s.count() == 2);
  CHECK(s.fake->requests()[1].at - s.fake->requests()[0].at >= 7s);
}

TEST_CASE("reads and idempotent writes are repeated, statements that may write are not; 501 is an answer") {
  Server put{cut(), refusal(500, "again"), bare(R"({"ok":true})")};
  put.kv().put("k", "v");
  CHECK(put.count() == 3);
  CHECK(put.body(0) == put.body(2));
  Server select{cut(), bare(R"({"results":[{"1":1}],"meta":{}})")};
  CHECK(select.d1().query_value<int>("SELECT 1") == 1);
  Server write{cut()};
  const auto error = error_of([&] { (void)write.d1().execute("INSERT INTO t VALUES (1)"); });
  CHECK(error.outcome_unknown());
  CHECK(write.count() == 1);
  Server old{refusal(501, "queryById is not available")};
  const auto answered = error_of([&] { (void)old.docs().query_by_id("a"); });
  CHECK(answered.http_status() == 501);
  CHECK(old.count() == 1);
}

TEST_CASE("the service key shows in no error, and a key or base URL that cannot be sent is refused") {
  Server s{refusal(401, std::string("the key ") + key + " is wrong")};
  const auto error = error_of([&] { (void)s.kv().get("k"); });
  CHECK(std::string(error.what()).find(key) == std::string::npos);
  CHECK(error.messages().at(0).message == "the key [redacted] is wrong");
  const auto made = [](const char* url, const char* text) {
    return error_of([&] { (void)edgebase::Client(url, edgebase::ServiceKey(text)); }).kind();
  };
  CHECK(made("https://edge.example", "pasted\n") == ErrorKind::invalid_argument);
  CHECK(made("https://edge.example", "") == ErrorKind::invalid_argument);
  CHECK(made("http://edge.example", "key") == ErrorKind::invalid_argument);
  CHECK(made("edge.example?x", "key") == ErrorKind::invalid_argument);
}

TEST_CASE("from_env reads EDGEBASE_URL and EDGEBASE_SERVICE_KEY and names what is missing") {
  Server s{bare(R"({"value":"v"})")};
  const cf::ClientOptions options{.transport = s.fake, .clock = s.fake->clock()};
  set_variable("EDGEBASE_URL", "https://edge.example/");
  set_variable("EDGEBASE_SERVICE_KEY", nullptr);
  CHECK_THAT(error_of([&] { (void)edgebase::Client::from_env(options); }).what(),
             Catch::Matchers::ContainsSubstring("EDGEBASE_SERVICE_KEY"));
  set_variable("EDGEBASE_SERVICE_KEY", key);
  CHECK(edgebase::Client::from_env(options).kv("cache").get("k") == "v");
  sent(s, "kv/cache", {{"action", "get"}, {"key", "k"}});
  set_variable("EDGEBASE_URL", nullptr);
  CHECK_THAT(error_of([&] { (void)edgebase::Client::from_env(options); }).what(),
             Catch::Matchers::ContainsSubstring("EDGEBASE_URL"));
  set_variable("EDGEBASE_SERVICE_KEY", nullptr);
}

namespace {

struct Event {
  std::string name{};
  std::optional<double> weight{};
};

}  // namespace

TEST_CASE("rows as objects are read by the same types as those of v4, and an error names row and column") {
  const auto rows_of = [](std::string rows) { return bare(R"({"results":)" + rows + R"(,"meta":{}})"); };
  Server s{
      rows_of(R"([{"id":1,"name":"a\"b","weight":null,"data":[0,255]},{"id":2,"name":"ü","weight":2.5,"data":[]}])")};
  const auto rows = s.d1().query<std::int64_t, std::string_view, std::optional<double>, cf::d1::Blob>("SELECT …");
  REQUIRE(rows.size() == 2);
  CHECK(std::get<1>(rows[0]) == "a\"b");
  CHECK_FALSE(std::get<2>(rows[0]));
  CHECK(std::get<3>(rows[0]).size() == 2);
  CHECK(std::get<2>(rows[1]) == 2.5);

  Server structs{rows_of(R"([{"id":1,"weight":1,"name":"a"}])")};
  CHECK(structs.d1().query_one_as<Event>("SELECT …")->name == "a");
  CHECK(Server{rows_of("[]")}.d1().query_as<Event>("SELECT …").empty());
  CHECK_FALSE(Server{rows_of("[]")}.d1().query_value<int>("SELECT …"));
  CHECK(Server{rows_of(R"([{"a":1}])")}.d1().query_json("SELECT …") == json::array({json{{"a", 1}}}));

  const auto fails = [&](std::string given, std::string_view text) {
    const auto error = error_of([&] { (void)Server{rows_of(std::move(given))}.d1().query<int, int>("SELECT …"); });
    INFO(error.what());
    CHECK(error.kind() == ErrorKind::decode);
    CHECK(error.operation() == "edgebase.d1.query");
    CHECK(std::string_view(error.what()).find(text) != std::string_view::npos);
  };
  fails(R"([{"a":1,"b":null}])", "row 0, column 1: ");
  fails(R"([{"a":1,"b":9007199254740993}])", "CAST");
  fails(R"([{"a":1}])", "1 columns, 2 were asked for");
  fails(R"([{"a":1,"b":2},{"a":1,"c":2}])", "row 1");
  fails(R"([{"a":1,"b":2},{"a":1}])", "row 1");
  fails(R"([{"a":1,"b":2},{"a":1,"b":2,"c":3}])", "row 1");
  fails(R"([[1,2]])", "cannot be read");
}

TEST_CASE("rows as objects are read without types, and one by one while the reply arrives") {
  const std::string rows = R"({"meta":{"rows_read":2},"results":[{"id":1,"name":"a}"},{"id":2,"name":null}]})";
  const auto table = Server{bare(rows)}.d1().query("SELECT …");
  CHECK(table.columns() == std::vector<std::string>{"id", "name"});
  CHECK(table[0]["name"].as<std::string>() == "a}");
  CHECK(table[1][1].is_null());
  CHECK(table.meta().rows_read == 2);
  CHECK(Server{bare(R"({"results":[],"meta":{}})")}.d1().query("SELECT …").empty());
  Server executed{bare(rows)};
  CHECK(executed.d1().execute("SELECT …")[0].rows().size() == 2);

  Server s{bare(rows)};
  std::string seen;
  const auto done = s.d1().for_each_row<int, std::optional<std::string>>(
      "SELECT ? …", {7},
      [&](int id, const std::optional<std::string>& name) { seen += std::to_string(id) + name.value_or("-"); });
  CHECK(seen == "1a}2-");
  CHECK(done.rows == 2);
  CHECK(done.columns == std::vector<std::string>{"id", "name"});
  CHECK(done.meta.rows_read == 2);
  sent(s, "d1/analytics", {{"query", "SELECT ? …"}, {"params", json::array({7})}});

  Server other{bare(R"({"results":[{"a":1},{"b":1}],"meta":{}})")};
  const auto error = error_of([&] { other.d1().for_each_row("SELECT …", [](const cf::d1::Row&) {}); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK(error.operation() == "edgebase.d1.query");
  CHECK(std::string_view(error.what()).find("row 1, column 0: the row has other columns") != std::string_view::npos);
  CHECK(std::string_view(error.what()).find("1 row was handed over") != std::string_view::npos);
}

TEST_CASE("several statements are refused where their results would be lost, and one result comes from execute") {
  Server none;
  refuses(
      none, [&] { (void)none.d1().query<int>("SELECT 1; SELECT 2"); }, "several statements");
  refuses(
      none,
      [&] {
        (void)none.d1().execute("SELECT ?; SELECT ?", {1, 2});
      },
      "no parameters");
  Server s{bare(R"({"results":[{"a":1}],"meta":{"changes":3,"rows_written":2}})")};
  const auto results = s.d1().execute("DELETE FROM t; SELECT a FROM t");
  REQUIRE(results.size() == 1);
  CHECK(results.changes() == 3);
  CHECK(results[0].meta().rows_written == 2);
  CHECK(results[0].rows<int>()[0] == std::tuple(1));
}

TEST_CASE("put_json of text that is not UTF-8 is refused before sending, and the checked view throws nothing") {
  const Server s;
  refuses(
      s, [&] { s.kv().put_json("k", "caf\xE9"); }, "not UTF-8");
  CHECK(s.kv().checked().put_json("k", json{{"a", "caf\xE9"}}).error().kind() == cf::ErrorKind::invalid_argument);
  CHECK(s.count() == 0);
}

TEST_CASE("SQL without a statement is refused before sending") {
  const Server s;
  refuses(
      s, [&] { s.d1().execute("-- nothing"); }, "no statement");
  refuses(
      s, [&] { (void)s.d1().query<int>(" "); }, "no statement");
}
