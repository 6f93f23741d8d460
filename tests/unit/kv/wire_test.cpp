// What each operation puts on the wire: method, path and body, and what it makes of the reply.

#include "../engine/core_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::testing::SentRequest;
using nlohmann::json;

namespace {

const std::string base = "https://api.cloudflare.com/client/v4";
const std::string kv_path = base + "/accounts/acc/storage/kv/namespaces";

/// "METHOD url" of the only request of a script that was used up.
std::string line(const Scripted& s) {
  CHECK(s.fake->problems().empty());
  REQUIRE(s.count() == 1);
  const SentRequest sent = s.fake->requests()[0];
  return sent.method + ' ' + sent.url;
}

std::string body(const Scripted& s) { return s.fake->requests().at(0).body; }
std::string type(const Scripted& s) { return s.fake->requests().at(0).header("Content-Type"); }

constexpr const char* a_namespace = R"({"supports_url_encoding":true,"title":"t","id":"n1"})";

}  // namespace

TEST_CASE("the operations on namespaces have the method, path and body of the API") {
  const Scripted created({ok(a_namespace)});
  const auto ns = created.client().kv_namespaces().create("a \"title\"");
  CHECK(ns.id == "n1");
  CHECK(ns.title == "t");
  CHECK(ns.supports_url_encoding);
  CHECK(line(created) == "POST " + kv_path);
  CHECK(json::parse(body(created)) == json{{"title", "a \"title\""}});
  CHECK(type(created) == "application/json");
  CHECK(ns.jurisdiction.empty());

  const Scripted placed({ok(R"({"id":"n1","title":"t","jurisdiction":"moon","mode":"x"})")});
  const auto kept = placed.client().kv_namespaces().create("t", {.jurisdiction = cf::kv::Jurisdiction::fedramp});
  CHECK(kept.jurisdiction == "moon");  // a name that this version does not know
  CHECK(json::parse(body(placed)) == json{{"title", "t"}, {"jurisdiction", "fedramp"}});

  const Scripted got({ok(R"({"id":"n1","title":"t"})")});
  CHECK_FALSE(got.client().kv_namespaces().get("n1").supports_url_encoding);
  CHECK(line(got) == "GET " + kv_path + "/n1");
  CHECK(body(got).empty());

  const Scripted renamed({ok(a_namespace)});
  (void)renamed.client().kv_namespaces().rename("n1", "t");
  CHECK(line(renamed) == "PUT " + kv_path + "/n1");
  CHECK(json::parse(body(renamed)) == json{{"title", "t"}});

  const Scripted removed({ok("null")});
  removed.client().kv_namespaces().remove("n1");
  CHECK(line(removed) == "DELETE " + kv_path + "/n1");
  CHECK(body(removed).empty());

  const Scripted listed({ok("[]", R"({"page":2})")});
  const auto page = listed.client().kv_namespaces().list_page(
      {.per_page = 5, .order = cf::kv::NamespaceOrder::title, .direction = cf::kv::Direction::desc, .cursor = "2"});
  CHECK(page.info.page == 2);
  CHECK(line(listed) == "GET " + kv_path + "?page=2&per_page=5&order=title&direction=desc");
}

TEST_CASE("the operations on one key have the method, path and body of the API") {
  const Scripted got({{.body = "v"}});
  CHECK(got.kv().get("a/b c") == "v");
  CHECK(line(got) == "GET " + kv_path + "/ns/values/a%2Fb%20c");

  const Scripted erased({ok("null")});
  erased.kv().erase("k");
  CHECK(line(erased) == "DELETE " + kv_path + "/ns/values/k");

  const Scripted described({ok(R"( {"a" : 1} )")});
  CHECK(described.kv().metadata("k")->text() == R"({"a" : 1})");
  CHECK(line(described) == "GET " + kv_path + "/ns/metadata/k");

  const Scripted bare({ok("null"), refused(404, 10009, "key not found")});
  CHECK(bare.kv().metadata("k")->empty());
  CHECK_FALSE(bare.kv().metadata("k"));
}

TEST_CASE("a put without metadata is a raw body; its ttl wins over an expiration") {
  const Scripted plain({ok("null")});
  plain.kv().put("k", std::string("\x00\xFF\r\n", 4));
  CHECK(line(plain) == "PUT " + kv_path + "/ns/values/k");
  CHECK(body(plain) == std::string("\x00\xFF\r\n", 4));
  CHECK(type(plain) == "application/octet-stream");

  const Scripted both({ok("null")});
  const std::chrono::sys_seconds later(2'000'000'000s);
  both.kv().put("k", "v", {.ttl = 1h, .expiration = later});
  CHECK(line(both) == "PUT " + kv_path + "/ns/values/k?expiration_ttl=3600");
  const Scripted at({ok("null")});
  at.kv().put("k", "v", {.expiration = later});
  CHECK(line(at) == "PUT " + kv_path + "/ns/values/k?expiration=2000000000");
}

TEST_CASE("a put with metadata is one multipart request with exactly two parts named value and metadata") {
  const Scripted s({ok("null")});
  const std::string bytes("--\r\n\0\xFE", 6);
  s.kv().put("k", bytes, {.metadata = {{"lang", "en"}}});
  REQUIRE(type(s).starts_with("multipart/form-data; boundary="));
  const std::string boundary = "--" + type(s).substr(type(s).find('=') + 1);
  std::vector<std::string> parts;
  std::string rest = body(s);
  REQUIRE(rest.starts_with(boundary + "\r\n"));
  rest.insert(0, "\r\n");
  for (std::size_t at = rest.find("\r\n" + boundary); at != std::string::npos;) {
    const std::size_t begin = at + boundary.size() + 2;
    at = rest.find("\r\n" + boundary, begin);
    parts.push_back(rest.substr(begin, at == std::string::npos ? at : at - begin));
  }
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].find("name=\"value\"") != std::string::npos);
  CHECK(parts[0].ends_with("\r\n\r\n" + bytes));
  CHECK(parts[1].find("name=\"metadata\"") != std::string::npos);
  CHECK(parts[1].ends_with("\r\n\r\n{\"lang\":\"en\"}"));
  CHECK(parts[2] == "--\r\n");
}

TEST_CASE("the read gives the expiration reply header as a field, and the metadata beside it") {
  const Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    if (request.url.find("/metadata/") != std::string::npos) return ok(R"({"n":1})");
    return FakeReply{.body = "v", .headers = {{"Expiration", "1900000000"}}};
  });
  const auto value = s.kv().get_with_metadata("k");
  REQUIRE(value);
  CHECK(value->value == "v");
  CHECK(value->expiration == std::chrono::sys_seconds(1'900'000'000s));
  CHECK(value->metadata.as<json>() == json{{"n", 1}});
  CHECK(s.count() == 2);
  CHECK(s.fake->most_in_flight() == 2);

  Scripted gone;
  gone.fake->answer_with([](const auto&) { return refused(404, 10009, "key not found"); });
  CHECK_FALSE(gone.kv().get_with_metadata("k"));
}

TEST_CASE("a streamed read gives bytes and size; a missing key writes nothing") {
  const Scripted s({{.body = "bytes", .headers = {{"expiration", "soon"}}}, refused(404, 10009, "key not found")});
  std::string seen;
  const auto sink = cf::sink_to([&](std::string_view bytes) { seen += bytes; });
  const auto streamed = s.kv().get_to("k", sink);
  REQUIRE(streamed);
  CHECK(streamed->size == 5);
  CHECK_FALSE(streamed->expiration);
  CHECK(seen == "bytes");
  CHECK_FALSE(s.kv().get_to("k", sink));
  CHECK(seen == "bytes");
  CHECK(error_of([&] { (void)s.kv().get_to("k", nullptr); }).kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("a value that happens to be JSON comes back as the exact text, never parsed") {
  for (const std::string text : {R"({"a":1})", "123", R"("x")", R"({"success":false,"errors":[]})", "\n", ""}) {
    const Scripted s({{.body = text}});
    CHECK(s.kv().get("k") == text);
  }
}

TEST_CASE("get_as and put_json convert through nlohmann, and a value that does not fit is a decode error") {
  const Scripted s({{.body = "[1,2]"}, {.body = "\"x\""}, {.body = "[1,"}, refused(404, 10009, "no"), ok("null")});
  const auto numbers = [&] { return s.kv().get_as<std::vector<int>>("k"); };
  CHECK(numbers() == std::vector{1, 2});
  CHECK(error_of([&] { (void)numbers(); }).kind() == cf::ErrorKind::decode);
  CHECK(error_of([&] { (void)numbers(); }).kind() == cf::ErrorKind::decode);
  CHECK_FALSE(numbers());
  s.kv().put_json("k", std::map<std::string, int>{{"a", 1}});
  CHECK(s.fake->requests().back().body == R"({"a":1})");
}

TEST_CASE("a bulk read whose result or values are null found none of the keys") {
  const std::vector<std::string> keys{"a", "b"};
  const Scripted s({ok("null"), ok(R"({"values":null})"), ok("null")});
  const auto all_missing = [](const std::vector<std::optional<cf::kv::Value>>& values) {
    return values.size() == 2 && !values[0] && !values[1];
  };
  for (int i = 0; i < 2; ++i) CHECK(all_missing(s.kv().get_bulk(keys)));
  const auto many = s.kv().get_many(keys);
  CHECK(many.outcome.complete());
  CHECK(all_missing(many.values));
}

TEST_CASE("one-request bulk operations have the method, path and body of the API") {
  const std::vector<cf::kv::Entry> entries{
      {.key = "a", .value = "text", .ttl = 60s, .metadata = {{"n", 1}}},
      {.key = "b", .value = "\xFF", .expiration = std::chrono::sys_seconds(2'000'000'000s)},
      {.key = "c", .value = "AQI=", .base64 = true}};
  const Scripted put({ok(R"({"successful_key_count":10000,"unsuccessful_keys":["b"]})")});
  const auto reply = put.kv().put_bulk(entries);
  CHECK(reply.successful_key_count == 10'000);
  CHECK(reply.unsuccessful_keys == std::vector<std::string>{"b"});
  CHECK(line(put) == "PUT " + kv_path + "/ns/bulk");
  CHECK(json::parse(body(put)) == json::parse(R"([
    {"key":"a","value":"text","expiration_ttl":60,"metadata":{"n":1}},
    {"key":"b","value":"/w==","base64":true,"expiration":2000000000},
    {"key":"c","value":"AQI=","base64":true}])"));

  const std::vector<std::string> keys{"a", "b\n"};
  const Scripted erased({ok("null")});
  CHECK_FALSE(erased.kv().erase_bulk(keys).successful_key_count);
  CHECK(line(erased) == "POST " + kv_path + "/ns/bulk/delete");
  CHECK(json::parse(body(erased)) == json(keys));

  const Scripted legacy({ok("null")});
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  (void)legacy.kv().erase_bulk_legacy(keys);
#pragma GCC diagnostic pop
  CHECK(line(legacy) == "DELETE " + kv_path + "/ns/bulk");
  CHECK(json::parse(body(legacy)) == json(keys));

  const Scripted got(
      {ok(R"({"values":{"a":{"value":{"x": 1},"metadata":{"m":2},"expiration":1900000000},"b\n":null}})")});
  const auto values = got.kv().get_bulk(keys, {.type = cf::kv::ValueType::json, .with_metadata = true});
  CHECK(line(got) == "POST " + kv_path + "/ns/bulk/get");
  CHECK(json::parse(body(got)) == json{{"keys", keys}, {"type", "json"}, {"withMetadata", true}});
  REQUIRE(values.size() == 2);
  CHECK(values[0]->value == R"({"x": 1})");
  CHECK(values[0]->metadata.text() == R"({"m":2})");
  CHECK(values[0]->expiration == std::chrono::sys_seconds(1'900'000'000s));
  CHECK_FALSE(values[1]);
}

TEST_CASE("token verification asks the route of the user or of the account and reads the times") {
  const std::string status = R"({"id":"t1","status":"active","not_before":"2026-01-01T00:00:00Z","expires_on":null})";
  const Scripted user({ok(status)});
  const auto token = user.client().verify_token();
  CHECK(line(user) == "GET " + base + "/user/tokens/verify");
  CHECK(token.id == "t1");
  CHECK(token.status == "active");
  CHECK(token.not_before == std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
  CHECK_FALSE(token.expires_on);
  const Scripted account({ok(status)});
  (void)account.client().verify_account_token();
  CHECK(line(account) == "GET " + base + "/accounts/acc/tokens/verify");
  const Scripted bad({refused(401, 1000, "Invalid API Token")});
  CHECK(error_of([&] { (void)bad.client().verify_token(); }).kind() == cf::ErrorKind::unauthorized);
}

TEST_CASE("request() reaches any endpoint with the same credential, and gives the result of the envelope") {
  const Scripted s({ok(R"({"n":[1]})"), ok("null"), {.status = 204}});
  CHECK(s.client().request("GET", "/zones?page=2") == json{{"n", {1}}});
  CHECK(s.client().request("POST", "/x", {{"a", 1}}).is_null());
  CHECK(s.client().request("DELETE", "/x").is_null());
  const auto sent = s.fake->requests();
  CHECK(sent[0].method + ' ' + sent[0].url == "GET " + base + "/zones?page=2");
  CHECK(sent[0].header("Authorization") == "Bearer token");
  CHECK(sent[0].body.empty());
  CHECK(sent[1].method == "POST");
  CHECK(sent[1].body == R"({"a":1})");
  CHECK(sent[1].header("Content-Type") == "application/json");
  CHECK(sent[2].body.empty());
}

TEST_CASE("request() refuses a method or path that cannot be one, and anything but GET is sent once") {
  const Scripted s({cut(), {cut()}, ok("1")});
  for (const auto& [method, path] : {std::pair{"get", "/x"},
                                     {"", "/x"},
                                     {"G T", "/x"},
                                     {"GET", "x"},
                                     {"GET", ""},
                                     {"GET", "/a b"},
                                     {"GET", "/a#b"},
                                     {"GET", "/\r\nHost:x"},
                                     {"GET", "/\xC3\xA9"}})
    CHECK(error_of([&, m = method, p = path] { (void)s.client().request(m, p); }).kind() ==
          cf::ErrorKind::invalid_argument);
  CHECK(s.count() == 0);
  CHECK(error_of([&] { (void)s.client().request("POST", "/x"); }).outcome_unknown());
  CHECK(s.count() == 1);
  CHECK(s.client().with({.replay_safe = true}).request<json>("PATCH", "/x") == 1);
  CHECK(s.count() == 3);
}

TEST_CASE("bad input is refused before any request, with its role and its limit in the message") {
  const Scripted s;
  const auto kv = s.kv();
  const auto says = [](auto call, std::string_view text) {
    const auto error = error_of(call);
    INFO(error.what());
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(error.attempts() == 0);
    CHECK_FALSE(error.outcome_unknown());
    CHECK(std::string_view(error.what()).find(text) != std::string_view::npos);
  };
  says([&] { (void)kv.get(""); }, "key is empty");
  says([&] { (void)kv.get("."); }, "not allowed");
  says([&] { kv.erase(".."); }, "not allowed");
  says([&] { (void)kv.metadata(std::string(513, 'k')); }, "513 bytes; at most 512");
  says([&] { (void)kv.get(std::string(171, '\xE2') + "\x82"); }, "not UTF-8");
  says([&] { kv.put("k", "v", {.ttl = 59s}); }, "at least 60 s");
  says([&] { kv.put("k", "v", {.expiration = s.fake->clock()->wall() + 59s}); }, "60 s ahead");
  says([&] { kv.put("k", "v", {.metadata = std::string(1023, 'm')}); }, "1025 bytes as JSON; at most 1024");
  says([&] { kv.put("k", std::string((25U << 20) + 1, 'v')); }, "26214401 bytes; at most 25 MiB");
  says([&] { (void)kv.list_page({.limit = -1}); }, "10 to 1000");
  says([&] { (void)kv.list_page({.limit = 9}); }, "10 to 1000");
  says([&] { (void)kv.list_page({.limit = 1001}); }, "10 to 1000");
  says([&] { (void)s.client().kv_namespaces().list_page({.per_page = 1001}); }, "1 to 1000");
  says([&] { (void)s.client().kv_namespaces().list_page({.per_page = 0}); }, "1 to 1000");
  says([&] { (void)s.client().kv_namespaces().list_page({.cursor = "x"}); }, "number of a page");
  says([&] { (void)s.client().kv_namespaces().create(""); }, "title is empty");
  says([&] { (void)s.client().kv_namespaces().create(std::string(513, 't')); }, "at most 512");
  says([&] { (void)s.client().kv_namespaces().find(""); }, "title is empty");
  says([&] { (void)s.client().kv("a/b").get("k"); }, "namespace id");
  says([&] { (void)kv.put_bulk(std::vector<cf::kv::Entry>()); }, "no pairs");
  says([&] { (void)kv.put_bulk(std::vector<cf::kv::Entry>{{.key = "a"}, {.key = ""}}); }, "item 1: the key is empty");
  says([&] { (void)kv.erase_bulk(std::vector<std::string>(10'001, "k")); }, "10001 keys; at most 10000");
  says([&] { (void)kv.get_bulk(std::vector<std::string>(101, "k")); }, "101 keys; at most 100");
  says([&] { (void)kv.get_bulk(std::vector<std::string>()); }, "no keys");
  CHECK(s.count() == 0);

  // What is at the limit passes, and check_limits = false leaves the limits to the server.
  const Scripted open;
  open.fake->answer_with([](const auto&) { return ok("null"); });
  open.kv().put(std::string(512, 'k'), "v", {.ttl = 60s, .metadata = std::string(1022, 'm')});
  const auto unchecked = open.client({.check_limits = false}).kv("ns");
  unchecked.put(std::string(513, 'k'), "v", {.ttl = 1s});
  CHECK(open.count() == 2);
  CHECK(error_of([&] { (void)unchecked.get(".."); }).kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("get_text reads value, metadata and expiration in one request") {
  const Scripted s({ok(R"({"values":{"k":{"value":"text","metadata":{"a":1},"expiration":1900000000}}})")});
  const auto found = s.kv().get_text("k");
  REQUIRE(found.has_value());
  CHECK((found->value == "text" && found->metadata.text() == R"({"a":1})"));
  CHECK(found->expiration == std::chrono::sys_seconds(std::chrono::seconds(1'900'000'000)));
  CHECK(line(s) == "POST " + kv_path + "/ns/bulk/get");
  CHECK(json::parse(body(s)) == json{{"keys", {"k"}}, {"type", "text"}, {"withMetadata", true}});
  const Scripted missing({ok(R"({"values":{"k":null}})")});
  CHECK_FALSE(missing.kv().get_text("k").has_value());
  CHECK(missing.count() == 1);
  const Scripted failing({refused(403, 10000, "no")});
  CHECK(error_of([&] { (void)failing.kv().get_text("k"); }).kind() == cf::ErrorKind::unauthorized);
  CHECK(failing.count() == 1);
  const Scripted unused;
  for (const std::string& key : {std::string(), std::string("."), std::string(513, 'k')})
    CHECK(error_of([&] { (void)unused.kv().get_text(key); }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(unused.count() == 0);
}

TEST_CASE("get_text reads again, byte for byte, what may not be text or is too large for a bulk read") {
  const auto exact = [](const Scripted& s) {
    s.fake->reply({.body = "\xFF\x01"});
    s.fake->reply(ok(R"({"a":1})"));
    const auto found = s.kv().get_text("k");
    return found && found->value == "\xFF\x01" && found->metadata.text() == R"({"a":1})" && s.count() == 3;
  };
  CHECK(exact(Scripted({ok("{\"values\":{\"k\":{\"value\":\"\xEF\xBF\xBD\",\"metadata\":{\"a\":1}}}}")})));
  CHECK(exact(Scripted({refused(413, 0, "too large")})));
}

TEST_CASE("get_into fills a buffer, and an error names both sizes if the value does not fit") {
  std::string buffer(10, '.');
  const std::span<char> room(buffer.data(), 6);
  const Scripted s({{.body = "sixsix"}, {.body = "three"}, {.body = ""}, {.body = "seven77"}});
  CHECK(s.kv().get_into("k", room) == 6U);
  CHECK(s.fake->requests().at(0).url == kv_path + "/ns/values/k");
  CHECK(buffer == "sixsix....");
  CHECK(s.kv().get_into("k", room) == 5U);
  CHECK(buffer == "threex....");
  CHECK(s.kv().get_into("k", std::span<char>()) == 0U);
  const auto error = error_of([&] { (void)s.kv().get_into("k", room); });
  CHECK(error.kind() == cf::ErrorKind::too_large);
  CHECK(error.details().text == "the value has 7 bytes; the buffer holds 6");
  CHECK_FALSE(error.outcome_unknown());
  CHECK(buffer.substr(6) == "....");
  buffer.assign(10, '.');
  const Scripted missing({refused(404, 10009, "key not found")});
  CHECK(missing.kv().get_into("k", room) == std::nullopt);
  CHECK(buffer == "..........");
  const Scripted unused;
  CHECK(error_of([&] { (void)unused.kv().get_into("", room); }).kind() == cf::ErrorKind::invalid_argument);
}
