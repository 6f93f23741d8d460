// What callers of the embedded store see first: routes, credentials, envelopes, rate limits.
#include <cloudflare/limits.hpp>

#include <set>

#include "local/http/json.hpp"
#include "local_kv_support.hpp"

using namespace cloudflare_tests;
using namespace std::chrono_literals;

TEST_CASE("embedded store: every reply carries a ray, and no two are the same") {
  LocalApi api;
  const Answer good = api.account("GET", "/storage/kv/namespaces");
  const Answer bad = api.account("GET", "/nothing");
  CHECK(good.status == 200);
  CHECK(good.header("cf-ray").size() == 20);
  CHECK(bad.header("CF-Ray").size() == 20);
  CHECK(good.header("cf-ray") != bad.header("cf-ray"));
}

TEST_CASE("embedded store: unroutable paths are 7003 with 7000, wrong methods 10405, as JSON") {
  LocalApi api;
  for (const std::string& path :
       {std::string("/accounts/local/nothing"), std::string("/nothing"), std::string(""),
        "/accounts/" + std::string(33, 'a') + "/storage/kv/namespaces",
        std::string("/accounts/a%20b/storage/kv/namespaces"), std::string("/accounts//storage/kv/namespaces"),
        std::string("/accounts/local/storage/kv/namespaces/id/values/a/b")}) {
    CAPTURE(path);
    const Answer answer = api.call("GET", path);
    CHECK(answer.header("content-type") == "application/json");
    CHECK(answer.status == 404);
    CHECK(answer.code() == 7003);
    CHECK(answer.json().at("errors").at(1).at("code") == 7000);
    CHECK(answer.json().at("result").is_null());
  }
  const Answer method = api.account("PATCH", "/storage/kv/namespaces", "{}");
  CHECK(method.status == 405);
  CHECK(method.code() == 10405);
  CHECK(api.account("GET", "/storage/kv/namespaces/%zz").status == 400);
}

TEST_CASE("embedded store: any single credential is accepted, none, two or a malformed one is refused") {
  LocalApi api;
  const std::string path = "/accounts/local/storage/kv/namespaces";
  CHECK(api.call("GET", path, {}, {{"Authorization", "Bearer anything"}}).status == 200);
  CHECK(api.call("GET", path, {}, {{"X-Auth-Email", "a@b.c"}, {"X-Auth-Key", "k"}}).status == 200);
  const Answer none = api.call("GET", path, {}, {});
  CHECK(none.status == 400);
  CHECK(none.code() == 9106);
  CHECK(api.call("GET", path, {}, {{"X-Auth-Email", "a@b.c"}}).code() == 9106);
  CHECK(api.call("GET", path, {}, {{"Authorization", "Basic abc"}}).code() == 6003);
  CHECK(api.call("GET", path, {}, {{"Authorization", "Bearer a b"}}).code() == 6003);
  CHECK(api.call("GET", path, {}, {{"Authorization", "Bearer "}}).code() == 6003);
  const Answer both =
      api.call("GET", path, {}, {{"Authorization", "Bearer t"}, {"X-Auth-Email", "a@b.c"}, {"X-Auth-Key", "k"}});
  CHECK(both.code() == 6003);
  CHECK(both.json().at("errors").at(0).at("error_chain").at(0).at("code") == 6111);
}

TEST_CASE("embedded store: with credentials of its own it takes those and no other") {
  LocalApi api({.token = "right-token", .email = "ada@example.com", .api_key = "right-key"});
  const std::string path = "/accounts/local/storage/kv/namespaces";
  CHECK(api.call("GET", path, {}, {{"Authorization", "Bearer right-token"}}).status == 200);
  CHECK(api.call("GET", path, {}, {{"X-Auth-Email", "ada@example.com"}, {"X-Auth-Key", "right-key"}}).status == 200);
  for (const std::vector<cloudflare::Header>& wrong : std::vector<std::vector<cloudflare::Header>>{
           {{"Authorization", "Bearer right-tokem"}},
           {{"Authorization", "Bearer right-toke"}},
           {{"Authorization", "Bearer right-key"}},
           {{"X-Auth-Email", "ada@example.com"}, {"X-Auth-Key", "right-token"}},
           {{"X-Auth-Email", "bob@example.com"}, {"X-Auth-Key", "right-key"}}}) {
    for (const char* any : {"/accounts/local/storage/kv/namespaces", "/accounts/other/x", "/nothing"}) {
      const Answer refused = api.call("GET", any, {}, wrong);
      CHECK(refused.status == 401);
      CHECK(refused.code() == 10000);
    }
    CHECK(api.call("GET", "/user/tokens/verify", {}, wrong).code() == 1000);
  }
  LocalApi token_only({.token = "right-token"});
  CHECK(token_only.call("GET", path, {}, {{"X-Auth-Email", ""}, {"X-Auth-Key", ""}}).status == 400);
  CHECK(token_only.call("GET", path, {}, {{"X-Auth-Email", "a"}, {"X-Auth-Key", "b"}}).status == 401);
}

TEST_CASE("embedded store: another account is refused") {
  LocalApi api;
  const Answer answer = api.call("GET", "/accounts/other/storage/kv/namespaces");
  CHECK(answer.status == 403);
  CHECK(answer.code() == 10000);
}

TEST_CASE("embedded store: both verify routes say that the token is active, with message 10000") {
  LocalApi api;
  for (const char* path : {"/user/tokens/verify", "/accounts/local/tokens/verify"}) {
    const Answer answer = api.call("GET", path);
    CHECK(answer.result().at("status") == "active");
    CHECK(answer.json().at("messages").at(0).at("code") == 10000);
    CHECK(answer.json().at("messages").at(0).at("message") == "This API Token is valid and active");
    const Answer key = api.call("GET", path, {}, {{"X-Auth-Email", "a@b.c"}, {"X-Auth-Key", "k"}});
    CHECK(key.status == 401);
    CHECK(key.code() == 1000);
  }
}

TEST_CASE("embedded store: a 2xx body goes to the sink of the request, an error does not") {
  LocalApi api;
  LocalKv kv(api);
  kv.put("k", "value");
  std::string taken;
  const auto sink = cloudflare::sink_to([&](std::string_view bytes) { taken += bytes; });
  cloudflare::HttpRequest request{.method = "GET",
                                  .url = "http://127.0.0.1/client/v4/accounts/local" + kv.path + "/values/k",
                                  .headers = {{"Authorization", "Bearer t"}},
                                  .sink = sink};
  const Answer found = api.send(request);
  CHECK(found.status == 200);
  CHECK(found.body.empty());
  CHECK(taken == "value");
  request.url += "x";
  const Answer missing = api.send(request);
  CHECK(missing.code() == 10009);
  CHECK(taken == "value");
}

TEST_CASE("embedded store: what a source or sink throws passes through, and nothing is stored") {
  LocalApi api;
  LocalKv kv(api);
  struct Broken {};
  CHECK_THROWS_AS(kv.put("k", cloudflare::Body::callback([](std::span<char>) -> std::size_t { throw Broken(); })),
                  Broken);
  CHECK(kv.get("k").code() == 10009);
}

TEST_CASE("embedded store: rate limits refuse request 1201 of five minutes, then everything for five minutes") {
  LocalApi api({.rate_limits = true});
  for (int i = 0; i < 1200; ++i) REQUIRE(api.call("GET", "/user/tokens/verify").status == 200);
  api.clock->advance(200s);
  const Answer refused = api.call("GET", "/user/tokens/verify");
  CHECK(refused.status == 429);
  CHECK(refused.code() == 971);
  CHECK(refused.header("retry-after") == "300");
  api.clock->advance(299s);
  CHECK(api.call("GET", "/user/tokens/verify").header("retry-after") == "1");
  api.clock->advance(1s);
  CHECK(api.call("GET", "/user/tokens/verify").status == 200);
}

TEST_CASE("embedded store: rate limits allow one write per second to a key, reads and other keys at will") {
  LocalApi api({.rate_limits = true});
  LocalKv kv(api);
  CHECK(kv.put("k", "1").status == 200);
  const Answer refused = kv.put("k", "2");
  CHECK(refused.status == 429);
  CHECK(refused.code() == 971);
  CHECK(refused.header("retry-after") == "1");
  CHECK(kv.erase("k").status == 429);
  CHECK(kv.bulk({{{"key", "k"}, {"value", "3"}}}).status == 429);
  CHECK(kv.put("other", "1").status == 200);
  CHECK(kv.get("k").body == "1");
  api.clock->advance(1s);
  CHECK(kv.put("k", "4").status == 200);
}

TEST_CASE("embedded store: without rate limits nothing is counted") {
  LocalApi api;
  LocalKv kv(api);
  for (int i = 0; i < 1300; ++i) REQUIRE(kv.put("k", "v").status == 200);
}

TEST_CASE(
    "embedded store: options alone, a folder alone and both together make a store, in parentheses and in braces") {
  namespace local = cloudflare::local;
  const TemporaryFolder folder;
  const local::Cloudflare named({.token = "t"});
  const local::Cloudflare renamed({.account_id = "mine", .rate_limits = true});
  const local::Cloudflare braces{{.token = "t"}};
  const local::Cloudflare copy(named);
  const local::Cloudflare kept(folder.path() + "/a");
  const local::Cloudflare both((folder.path() + "/b").c_str(), {.account_id = "mine"});
  CHECK(renamed.account_id() == "mine");
  CHECK(both.account_id() == "mine");
  CHECK(copy.account_id() == "local");
}

TEST_CASE("embedded store: the head of a request decides who asks and whether there is such a route") {
  LocalApi api({.token = "right"});
  const auto admit = [&](const std::string& method, const std::string& path, std::vector<cloudflare::Header> headers) {
    return api.service.admit({.method = method, .url = "http://127.0.0.1" + path, .headers = std::move(headers)});
  };
  const std::vector<cloudflare::Header> right{{"Authorization", "Bearer right"}};
  const std::string kv = "/client/v4/accounts/local/storage/kv/namespaces/id/";
  const auto status = [&](const std::string& method, const std::string& path, std::vector<cloudflare::Header> headers) {
    const auto admission = admit(method, path, std::move(headers));
    REQUIRE(admission.refusal);
    CHECK(admission.body_bytes == 0);
    CHECK(cloudflare::find_header(admission.refusal->headers, "cf-ray") != nullptr);
    return admission.refusal->status;
  };
  CHECK(status("PUT", kv + "bulk", {}) == 400);
  CHECK(status("PUT", kv + "bulk", {{"Authorization", "Bearer wrong"}}) == 401);
  CHECK(status("PUT", "/client/v4/accounts/other/storage/kv/namespaces/id/bulk", right) == 403);
  CHECK(status("PUT", kv + "nothing", right) == 404);
  CHECK(status("PATCH", kv + "bulk", right) == 405);
  CHECK(status("PUT", "/signed/import/x.sql?token=wrong", {}) == 403);
  CHECK(status("PUT", "/signed/nothing", {}) == 404);
  CHECK(status("POST", "/api/kv/cache", {}) == 400);  // this store does not serve EdgeBase
  CHECK(status("PUT", "/%zz", right) == 400);
  CHECK(admit("PUT", kv + "bulk", right).body_bytes == cloudflare::limits::kv_bulk_bytes);
  CHECK(admit("GET", kv + "keys", right).body_bytes < 100'000);
}

TEST_CASE("embedded store: JSON of more values than the limit, or nested deeper, is refused and the refusal says so") {
  using cloudflare::local::parse_json;
  const auto zeros = [](std::size_t count) {  // `count` values, the array itself included
    std::string out = "[0";
    for (std::size_t i = 2; i < count; ++i) out += ",0";
    return out + "]";
  };
  const std::size_t most = cloudflare::local::most_json_values;
  CHECK(parse_json(zeros(most)));
  cloudflare::local::JsonProblem problem{};
  CHECK_FALSE(parse_json(zeros(most + 1), &problem));
  CHECK(problem == cloudflare::local::JsonProblem::too_many);

  LocalApi api;
  LocalKv kv(api);
  const std::string deep = std::string(101, '[') + std::string(101, ']');
  const std::string many = zeros(most + 3);  // as a whole document it is refused before a tree of it is made
  const std::string says_deep = "nested deeper than 100 levels";
  const std::string says_many = "more than 3000000 values";
  for (const auto& [bomb, says] : {std::pair(&deep, &says_deep), std::pair(&many, &says_many)}) {
    CAPTURE(*says);
    const bool costly = bomb == &many;  // as a part of a document it fills the memory before it is refused
    for (const char* part : {"metadata", "expiration", "unknown"}) {
      if (costly && part != std::string_view("unknown")) continue;
      const std::string pair = R"({"key":"k","value":"v",")" + std::string(part) + "\":" + *bomb + "}";
      const Answer put = api.account("PUT", kv.path + "/bulk", "[" + pair + "]");
      CHECK(put.code() == 10012);
      CHECK(put.message().find(*says) != std::string::npos);
    }
    const Answer erased = api.account("POST", kv.path + "/bulk/delete", *bomb);
    CHECK(erased.code() == 10012);
    CHECK(erased.message().find(*says) != std::string::npos);
    CHECK(kv.put("json", *bomb).status == 200);
    const Answer read =
        api.account_json("POST", kv.path + "/bulk/get", {{"keys", Json::array({"json"})}, {"type", "json"}});
    CHECK(read.code() == 10029);
    CHECK(read.message().find(*says) != std::string::npos);
    const Answer form = kv.put_form("form", {{"value", "v"}, {"metadata", *bomb}});
    CHECK(form.code() == 10001);
    CHECK(form.message().find(*says) != std::string::npos);
  }
  CHECK(kv.get("k").status == 404);
  const Answer title = api.account("POST", "/storage/kv/namespaces", "{\"title\":" + deep + "}");
  CHECK(title.message().find(says_deep) != std::string::npos);
}

TEST_CASE("the service: every reply has the date of its clock, and a ray of 16 digits that no other has") {
  LocalApi api;
  const auto date = [&] { return api.call("GET", "/none").header("date"); };
  CHECK(date() == "Fri, 15 Jan 2027 08:00:00 GMT");
  api.clock->advance(std::chrono::hours(24 * 44) + std::chrono::seconds(57'599));
  CHECK(date() == "Sun, 28 Feb 2027 23:59:59 GMT");
  api.clock->advance(std::chrono::seconds(1));
  CHECK(date() == "Mon, 01 Mar 2027 00:00:00 GMT");
  api.clock->advance(std::chrono::hours(24 * 305) + std::chrono::minutes(9));
  CHECK(date() == "Fri, 31 Dec 2027 00:09:00 GMT");
  std::set<std::string> rays;
  for (int i = 0; i < 100; ++i) rays.insert(api.call("GET", "/none").header("cf-ray"));
  CHECK(rays.size() == 100);
  for (const std::string& ray : rays) {
    CHECK(ray.size() == 20);
    CHECK(ray.find_first_not_of("0123456789abcdef") == 16);
    CHECK(ray.ends_with("-LCL"));
  }
}
