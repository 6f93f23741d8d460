// EdgeBase's KV, its errors, and the order of its checks.

#include <chrono>
#include <cloudflare/http/transport.hpp>
#include <nlohmann/json.hpp>

#include "contract/edgebase.hpp"

using namespace contract;
using namespace std::chrono_literals;
using cloudflare::ErrorKind;
using nlohmann::json;
namespace cf = cloudflare;
namespace kv = cloudflare::kv;

namespace {

std::vector<std::string> names(kv::KeyRange range) {
  std::vector<std::string> all;
  for (const kv::Key& key : range) all.push_back(key.name);
  return all;
}

int status_of(EdgeBase& edge, const std::string& path, const std::string& body, const std::string& key = "",
              const std::string& type = "application/json") {
  cf::HttpRequest request{.method = "POST", .url = edge.url() + path, .body = body};
  if (!type.empty()) request.headers.push_back({"Content-Type", type});
  if (!key.empty()) request.headers.push_back({"X-EdgeBase-Service-Key", key});
  const cf::HttpResponse reply = edge.send(request);
  const json told = json::parse(reply.body);
  if (reply.status != 200) {
    CHECK(told.at("code") == reply.status);
    CHECK(told.at("message").is_string());
  }
  return reply.status;
}

/// The same code for a namespace of v4 and one of EdgeBase.
std::vector<std::string> use(const cf::KvStore<cf::Throwing>& ns, const std::string& prefix) {
  kv::PutOptions options{.ttl = 1h};
  ns.put(prefix + "b", "text", options);
  ns.put_json(prefix + "a", 41);
  CHECK(ns.get(prefix + "b") == "text");
  CHECK(ns.get_as<int>(prefix + "a") == 41);
  CHECK_FALSE(ns.get(prefix + "none"));
  ns.erase(prefix + "none");
  std::vector<std::string> found;
  auto pages = ns.pages({.prefix = prefix, .limit = 10});
  while (const auto page = pages.next())
    for (const auto& key : page->items()) found.push_back(key.name);
  ns.erase(prefix + "b");
  CHECK_FALSE(ns.get(prefix + "b"));
  return found;
}

}  // namespace

EDGEBASE_CASE("code over the common base of namespaces runs on v4 and on EdgeBase with the same results",
              "[edgebase][kv]", Embedded, Real) {
  const std::string prefix = EdgeBase::fresh("use");
  const auto expected = std::vector<std::string>{prefix + "a", prefix + "b"};
  CHECK(use(edge.client().kv("cache"), prefix) == expected);
  std::string why;
  Counterpart* v4 = open<Embedded>(&why);
  const auto space = v4->fresh_namespace();
  CHECK(use(*space, prefix) == expected);
}

EDGEBASE_CASE("what is stored comes back byte for byte, and a missing key is nothing", "[edgebase][kv]", Embedded,
              Real) {
  const auto kv = edge.client().kv("cache");
  const std::string prefix = EdgeBase::fresh("bytes");
  std::string controls;
  for (char c = 0; c < 0x20; ++c) controls.push_back(c);
  for (const std::string& value :
       {std::string(), std::string("\n"), std::string(R"({"a":1})"), std::string("null"), controls,
        std::string("\"\\/ \xE2\x80\xA8 \xF0\x9F\x98\x80 \xC3\xA9"), std::string(1 << 20, 'x')}) {
    CAPTURE(value.substr(0, 40));
    kv.put(prefix, value);
    CHECK(kv.get(prefix) == value);
  }
  kv.erase(prefix);
  CHECK(kv.get(prefix) == std::nullopt);
  kv.erase(prefix);
}

EDGEBASE_CASE("odd keys are found by list and can be read and erased", "[edgebase][kv]", Embedded, Real) {
  const auto kv = edge.client().kv("cache");
  const std::string prefix = EdgeBase::fresh("odd/");
  std::vector<std::string> keys;
  for (const char* odd :
       {"", " ", "%2F", "../x", "/", "?b#c", "\n", "\"\\", "\xC3\xA9", "\xEF\xBF\xBD", "\xF0\x9F\x98\x80"})
    keys.push_back(prefix + odd);
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) kv.put(key, "of " + key);
  CHECK(names(kv.list({.prefix = prefix})) == keys);
  for (const std::string& key : keys) {
    CHECK(kv.get(key) == "of " + key);
    kv.erase(key);
  }
  CHECK(names(kv.list({.prefix = prefix})).empty());
}

EDGEBASE_CASE("pages are walked to their end, prefix and limit with each, and a saved cursor goes on", "[edgebase][kv]",
              Embedded, Real) {
  const auto kv = edge.client().kv("cache");
  const std::string prefix = EdgeBase::fresh("page");
  std::vector<std::string> keys;
  for (int i = 0; i < 12; ++i) keys.push_back(prefix + std::to_string(100 + i));
  for (const std::string& key : keys) kv.put(key, "v");
  CHECK(names(kv.list({.prefix = prefix, .limit = 5})) == keys);
  CHECK(names(kv.list({.prefix = prefix, .limit = 1})) == keys);
  const auto exact = kv.list_page({.prefix = prefix, .limit = 12});
  CHECK(exact.keys.size() == 12);
  CHECK(exact.cursor.empty());
  const auto first = kv.list_page({.prefix = prefix, .limit = 5});
  REQUIRE(first.keys.size() == 5);
  CHECK(names(kv.list({.prefix = prefix, .cursor = first.cursor})) ==
        std::vector<std::string>(keys.begin() + 5, keys.end()));
}

EDGEBASE_CASE("a ttl of 60 seconds is taken, one below is refused by the server too", "[edgebase][kv]", Embedded,
              Real) {
  const auto kv = edge.client().kv("cache");
  const std::string key = EdgeBase::fresh("ttl");
  kv.put(key, "v", {.ttl = 60s});
  CHECK(kv.get(key) == "v");
  const auto error = error_of([&] { kv.with({.check_limits = false}).put(key, "w", {.ttl = 59s}); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.http_status() == 400);
  CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("60"));
  CHECK(kv.get(key) == "v");
  kv.with({.check_limits = false}).put(key, "w", {.ttl = 0s});  // 0 means no ttl
  CHECK(kv.get(key) == "w");
}

EDGEBASE_CASE("a wrong key, an unknown name and a missing binding each have an error kind, for all three stores",
              "[edgebase][errors]", Embedded, Real) {
  const auto wrong = edge.client("another-key");
  const auto right = edge.client();
  const auto kinds = [](auto call) {
    const auto error = error_of(call);
    return std::pair(error.kind(), error.http_status());
  };
  using Pair = std::pair<ErrorKind, int>;
  const Pair denied{ErrorKind::unauthorized, 401};
  CHECK(kinds([&] { (void)wrong.kv("cache").get("k"); }) == denied);
  CHECK(kinds([&] { (void)wrong.d1("analytics").query<int>("SELECT 1"); }) == denied);
  CHECK(kinds([&] { (void)wrong.vectorize("docs").info(); }) == denied);
  const Pair unknown{ErrorKind::not_found, 404};
  CHECK(kinds([&] { (void)wrong.kv("none").get("k"); }) == unknown);
  CHECK(kinds([&] { (void)right.kv("none").get("k"); }) == unknown);
  CHECK(kinds([&] { (void)right.d1("none").execute("DELETE FROM t"); }) == unknown);
  CHECK(kinds([&] { (void)right.vectorize("none").info(); }) == unknown);
  const Pair missing{ErrorKind::server, 500};
  CHECK(kinds([&] { (void)right.kv("unbound").with({.max_attempts = 1}).get("k"); }) == missing);
  CHECK(kinds([&] { (void)right.d1("unbound").with({.max_attempts = 1}).query<int>("SELECT 1"); }) == missing);
}

EDGEBASE_CASE(
    "checks run in order: content type, JSON, schema, name, key, binding, fields; the first failure is answered",
    "[edgebase][errors]", Embedded, Real) {
  const std::string key = "test-service-key";
  const std::string get = R"({"action":"get","key":"k"})";
  CHECK(status_of(edge, "/api/kv/none", "no json", "", "text/plain") == 415);
  CHECK(status_of(edge, "/api/kv/none", get, key, "") == 415);
  CHECK(status_of(edge, "/api/kv/none", "no json") == 400);
  CHECK(status_of(edge, "/api/kv/none", R"({"action":"nothing"})") == 400);
  CHECK(status_of(edge, "/api/kv/none", R"({"action":"set","key":"k","value":1})") == 400);
  CHECK(status_of(edge, "/api/d1/none", R"({"params":[]})") == 400);
  CHECK(status_of(edge, "/api/kv/none", get) == 404);
  CHECK(status_of(edge, "/api/kv/none", get, "another-key") == 404);
  CHECK(status_of(edge, "/api/kv/cache", R"({"action":"get"})") == 403);
  CHECK(status_of(edge, "/api/kv/cache", get, "another-key") == 401);
  CHECK(status_of(edge, "/api/kv/unbound", R"({"action":"get"})", key) == 500);
  CHECK(status_of(edge, "/api/kv/cache", R"({"action":"get"})", key) == 400);
  CHECK(status_of(edge, "/api/kv/cache", R"({"action":"set","key":"k"})", key) == 400);
  CHECK(status_of(edge, "/api/kv/cache", get, key, "application/json; charset=utf-8") == 200);
  for (const char* limit : {"0", "1001", "1.5"})
    CHECK(status_of(edge, "/api/kv/cache", std::string(R"({"action":"list","limit":)") + limit + "}", key) == 400);
  for (const char* body :
       {R"({"action":"getByIds"})", R"({"action":"delete","ids":[]})", R"({"action":"upsert","vectors":[]})",
        R"({"action":"search","vector":[1,2]})", R"({"action":"search","vector":[1,2,3],"topK":101})",
        R"({"action":"queryById"})", R"({"action":"insert","vectors":[{"id":"a","values":[1]}]})"}) {
    CAPTURE(body);
    CHECK(status_of(edge, "/api/vectorize/docs", body, key) == 400);
  }
}
