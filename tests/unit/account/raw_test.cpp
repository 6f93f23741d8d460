// Requests to any endpoint: replies as they came, and the pages of any list.

#include "../engine/core_support.hpp"

using namespace core_tests;
using cf::ErrorKind;

namespace {

std::vector<std::string> items(cf::RawRange range) {
  std::vector<std::string> all;
  for (const cf::JsonText& item : range) all.push_back(item.text());
  return all;
}

std::vector<std::string> paths(const Scripted& s) {
  constexpr std::string_view base = "https://api.cloudflare.com/client/v4";
  std::vector<std::string> all;
  for (const auto& request : s.fake->requests()) all.push_back(request.url.substr(base.size()));
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("request_raw gives status, headers, body and result_info as they came, whatever the body is") {
  const std::string graph = R"({"data":null,"errors":[{"message":"no such field"}]})";
  const Scripted s({{.status = 200, .body = graph, .headers = {{"X-Count", "7"}}},
                    {.status = 206, .body = std::string("\0\xFF{", 3)},
                    {.status = 200, .body = "{ broken"},
                    {.status = 200, .body = ""},
                    ok("[1]", R"({"page":2,"total_pages":3})")});
  const cf::RawReply query = s.client().request_raw("POST", "/graphql", R"({"query":"{ x }"})");
  CHECK(query.status == 200);
  CHECK(query.body == graph);
  REQUIRE(query.header("x-count") != nullptr);
  CHECK(*query.header("x-count") == "7");
  CHECK(query.header("x-none") == nullptr);
  const auto bytes = s.client().request_raw("GET", "/ai/run/image");
  CHECK(bytes.status == 206);
  CHECK(bytes.body == std::string("\0\xFF{", 3));
  CHECK(s.client().request_raw("GET", "/x").body == "{ broken");
  CHECK(s.client().request_raw("GET", "/x").body.empty());
  const auto listed = s.client().request_raw("GET", "/x");
  CHECK(listed.info.page == 2);
  CHECK(listed.info.total_pages == 3);
  const auto sent = s.fake->requests();
  CHECK(sent[0].body == R"({"query":"{ x }"})");
  CHECK(sent[0].header("Content-Type") == "application/json");
  CHECK(sent[0].header("Accept") == "application/json");
  CHECK(sent[0].header("Authorization") == "Bearer token");
  CHECK(sent[1].header("Content-Type").empty());
}

TEST_CASE("what request_raw cannot call a success is an Error as ever, and repeated as ever") {
  const Scripted s({refused(503, 0, "later"),
                    {.status = 200, .body = "x"},
                    refused(200, 7003, "no route"),
                    {.status = 302, .body = "moved"},
                    refused(404, 10013, "no namespace")});
  CHECK(s.client().request_raw("GET", "/x").body == "x");
  CHECK(error_of([&] { s.client().request_raw("GET", "/x"); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { s.client().request_raw("GET", "/x"); }).http_status() == 302);
  CHECK(error_of([&] { s.client().request_raw("GET", "/x"); }).code() == cf::ErrorCode::kv_namespace_not_found);
  s.fake->reply(refused(500, 0, "perhaps")).reply(refused(500, 0, "perhaps")).reply({.body = "done"});
  const auto lost = error_of([&] { s.client().request_raw("POST", "/x", "{}"); });
  CHECK(lost.attempts() == 1);
  CHECK(lost.outcome_unknown());
  CHECK(s.client().with({.replay_safe = true}).request_raw("POST", "/x", "{}").body == "done");
  CHECK(s.fake->problems().empty());
}

TEST_CASE("with any_status every status is a reply and final; only a request without a reply is repeated") {
  const Scripted s({cut(),
                    {.status = 500, .body = "down"},
                    {.status = 429, .body = "", .headers = {{"Retry-After", "5"}}},
                    {.status = 302, .body = "", .headers = {{"Location", "/y"}}},
                    {.status = 403, .body = "<html>", .headers = {{"cf-mitigated", "challenge"}}},
                    refused(200, 7003, "no route"),
                    cut()});
  const auto get = [&] { return s.client().request_raw("GET", "/x", "", {.any_status = true}); };
  CHECK(get().status == 500);
  CHECK(get().status == 429);
  CHECK(*get().header("location") == "/y");
  CHECK(get().body == "<html>");
  CHECK(get().body.find("7003") != std::string::npos);
  const auto post = [&] { s.client().request_raw("POST", "/x", "1", {.any_status = true}); };
  CHECK(error_of(post).outcome_unknown());
  CHECK(s.fake->problems().empty());
}

TEST_CASE("headers of the caller travel with every attempt; they replace nothing that is the client's") {
  const Scripted s({refused(503, 0, ""), {.body = "x"}});
  s.client().request_raw("GET", "/x", "", {.accept = "", .headers = {{"If-None-Match", "\"a\""}, {"X-A", "b"}}});
  for (const auto& request : s.fake->requests()) {
    CHECK(request.header("if-none-match") == "\"a\"");
    CHECK(request.header("X-A") == "b");
    CHECK(request.header("Accept").empty());
  }
  const Scripted none;
  const auto refusal = [&](cf::RawOptions options, cf::Body body = cf::Body()) {
    const auto error = error_of([&] { none.client().request_raw("POST", "/x", std::move(body), options); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(std::string(error.what()).find("secret") == std::string::npos);
    return std::string(error.what());
  };
  for (const char* name : {"Authorization", "x-auth-key", "X-AUTH-EMAIL", "X-EdgeBase-Service-Key", "Host", "Cookie",
                           "Content-Length", "Transfer-Encoding", "User-Agent", "accept"}) {
    INFO(name);
    CHECK(refusal({.headers = {{name, "secret"}}}).find("header ") != std::string::npos);
  }
  for (const char* name : {"", "a b", "a:", "\xC3\xA9", "a\r\nX"}) refusal({.headers = {{name, "secret"}}});
  for (const char* value : {"", " ", "secret\r\nX: y", "secret\n", "secret\xC3\xA9"})
    refusal({.headers = {{"X", value}}});
  CHECK(refusal({.headers = {{"X-A", "secret"}, {"x-a", "secret"}}}).find("x-a") != std::string::npos);
  refusal({.content_type = "a\r\nb"}, "body");
  refusal({.accept = "a\nb"});
  CHECK(none.client().checked().request_raw("get", "/").error().kind() == ErrorKind::invalid_argument);
  CHECK(none.client().checked().request_raw("GET", "x").error().kind() == ErrorKind::invalid_argument);
  CHECK(none.count() == 0);
}

TEST_CASE("a list of numbered pages is walked to its end, however the end is told") {
  const std::string full = R"("page":1,"per_page":2)", rest = R"("page":2,"per_page":2)";
  for (const auto& [one, two] :
       {std::pair{full + R"(,"total_pages":2)", rest + R"(,"total_pages":2)"},
        std::pair{full + R"(,"total_count":3)", rest + R"(,"total_count":3)"}, std::pair{full, rest},
        std::pair{std::string(R"("total_count":3)"), std::string(R"("total_count":3)")}}) {
    const Scripted s({ok(R"([{"a": 1},2])", '{' + one + '}'), ok("[3]", '{' + two + '}')});
    CHECK(items(s.client().list("/zones?per_page=2&name=a%20b")) == Texts{R"({"a": 1})", "2", "3"});
    CHECK(paths(s) == Texts{"/zones?per_page=2&name=a%20b", "/zones?per_page=2&name=a%20b&page=2"});
    CHECK(s.fake->problems().empty());
  }
}

TEST_CASE("a list with cursors is walked by them, past an empty page, and is gone on with from a saved cursor") {
  const Scripted s({ok("[1]", R"({"count":1,"cursor":"a/b="})"), ok("[]", R"({"cursors":{"after":"c2"}})"),
                    ok("[2]", R"({"cursor":null,"per_page":1,"page":1,"total_count":9})")});
  CHECK(items(s.client().list("/x")) == Texts{"1", "2"});
  CHECK(paths(s) == Texts{"/x", "/x?cursor=a%2Fb%3D", "/x?cursor=c2"});

  const Scripted first({ok("[1]", R"({"cursor":"next"})"), ok("[2]"), ok("[5]", R"({"page":4,"total_pages":4})")});
  auto pages = first.client().pages("/x?cursor=mine&a=b");
  REQUIRE(pages.next()->items().size() == 1);
  const std::string saved = pages.cursor();
  CHECK(items(first.client().list("/x?cursor=mine&a=b", {.cursor = saved})) == Texts{"2"});
  CHECK(items(first.client().list("/x?a=b&page=4")) == Texts{"5"});
  CHECK(paths(first) == Texts{"/x?a=b&cursor=mine", "/x?a=b&cursor=next", "/x?a=b&page=4"});
}

TEST_CASE("a list inside the result is named; what is no list, or does not move on, is an error") {
  const Scripted s({ok(R"({"count":2,"buckets":[{"name":"a"},{"name":"b"}]})"), ok(R"({"buckets":null})"), ok("null"),
                    ok(R"({"buckets":[]})"), ok(R"({"x":[]})"), ok("[1]", R"({"page":1,"total_pages":3})"),
                    ok("[1]", R"({"page":1,"total_pages":3})")});
  CHECK(items(s.client().list("/r2", {.member = "buckets"})) == Texts{R"({"name":"a"})", R"({"name":"b"})"});
  CHECK(items(s.client().list("/r2", {.member = "buckets"})).empty());
  CHECK(items(s.client().list("/r2")).empty());
  for (const char* member : {"", "buckets"}) {
    const auto error = error_of([&] { items(s.client().list("/r2", {.member = member})); });
    CHECK(error.kind() == ErrorKind::decode);
    CHECK(error.operation() == "client.pages");
  }
  CHECK(error_of([&] { items(s.client().list("/r2")); }).kind() == ErrorKind::decode);
  CHECK(s.fake->problems().empty());
  for (const char* cursor : {"2", "page=0", "page=x", "page=", "cursor=", "a"})
    CHECK(error_of([&] { items(s.client().list("/x", {.cursor = cursor})); }).kind() == ErrorKind::invalid_argument);
  CHECK(error_of([&] { items(s.client().list("no slash")); }).kind() == ErrorKind::invalid_argument);
}
