// Envelope, credentials, options, Result and the JSON layer.

#include <cloudflare/json.hpp>
#include <set>

#include "account/endpoints.hpp"
#include "base/encode.hpp"
#include "core_support.hpp"
#include "d1/endpoints.hpp"
#include "engine/judge.hpp"
#include "kv/endpoints.hpp"
#include "support/system.hpp"
#include "vectorize/endpoints.hpp"
#include "workers_ai/endpoints.hpp"

using namespace core_tests;

TEST_CASE("an envelope is read in any member order, with null lists, bare strings and unknown members") {
  std::string text =
      R"({"new":[{}],"messages":["hi",{"code":10000,"message":"ok"}],"result":{"a":[1]} ,"errors":null,"success":true})";
  const auto envelope = cf::detail::read_envelope(text);
  REQUIRE(envelope);
  CHECK(envelope->success);
  CHECK(text.substr(envelope->result_begin, envelope->result_size) == R"({"a":[1]})");
  REQUIRE(envelope->messages.size() == 2);
  CHECK(envelope->messages[0].message == "hi");
  CHECK(envelope->messages[1].code == 10000);
}

TEST_CASE("a body that is not an envelope is an error, never a crash or an empty success") {
  for (const char* bad :
       {"", "<html>", "{", R"({"success":tr)", R"({"success":"yes"})", R"({"success":true} x)", "[]", "1"}) {
    std::string text = bad;
    CHECK_FALSE(cf::detail::read_envelope(text));
    const Scripted s({FakeReply{.body = bad}});
    const auto error = error_of([&] { s.kv().put("k", "v"); });
    CHECK(error.kind() == cf::ErrorKind::decode);
    CHECK(error.outcome_unknown());
  }
}

TEST_CASE("a 200 with success false is an error with its code; a 4xx or 5xx is an error whatever success says") {
  const Scripted s({refused(200, 10011, "no"), FakeReply{.status = 400, .body = R"({"success":true,"result":1})"},
                    FakeReply{.status = 404, .body = R"({"code":7003,"error":"no route"})"}});
  const auto inner = error_of([&] { s.kv().put("k", "v"); });
  CHECK(inner.kind() == cf::ErrorKind::rejected);
  CHECK(inner.code() == cf::ErrorCode::kv_validation);
  CHECK(error_of([&] { s.kv().put("k", "v"); }).http_status() == 400);
  CHECK(error_of([&] { s.kv().put("k", "v"); }).code() == cf::ErrorCode::invalid_object_identifier);
}

TEST_CASE("404 with code 10009 on get is nullopt; 10013, 7003 or an HTML 404 is an error") {
  const Scripted s({refused(404, 10009, "get: 'key not found'"), refused(404, 10013, "namespace not found"),
                    refused(404, 7003, "could not route"), FakeReply{.status = 404, .body = "<html>Not Found</html>"},
                    refused(404, 10009, "key not found")});
  CHECK_FALSE(s.kv().get("k"));
  CHECK(error_of([&] { (void)s.kv().get("k"); }).code() == cf::ErrorCode::kv_namespace_not_found);
  CHECK(error_of([&] { (void)s.kv().get("k"); }).code() == cf::ErrorCode::invalid_object_identifier);
  CHECK(error_of([&] { (void)s.kv().get("k"); }).kind() == cf::ErrorKind::not_found);
  CHECK_NOTHROW(s.kv().erase("k"));
}

TEST_CASE("a 502 with HTML is an error with status, ray and a short excerpt") {
  FakeReply html{.status = 502, .body = "<html><h1>502 Bad\n Gateway</h1></html>", .headers = {{"CF-Ray", "8f-AMS"}}};
  const Scripted s({html});
  const auto error = error_of([&] { (void)s.kv().with({.max_attempts = 1}).get("k"); });
  CHECK(error.kind() == cf::ErrorKind::server);
  CHECK(error.http_status() == 502);
  CHECK(error.ray_id() == "8f-AMS");
  CHECK(std::string(error.what()).find("502 Bad Gateway") != std::string::npos);
}

TEST_CASE("a firewall's challenge is its own kind, a 204 is a success") {
  const Scripted s({FakeReply{.status = 403, .body = "<html>", .headers = {{"cf-mitigated", "challenge"}}},
                    FakeReply{.status = 204}});
  CHECK(error_of([&] { s.kv().put("k", "v"); }).kind() == cf::ErrorKind::challenge);
  CHECK_NOTHROW(s.kv().put("k", "v"));
}

TEST_CASE("a credential with a newline, space, quote or non-ASCII letter is refused before sending") {
  for (const char* bad : {"", "token\n", "\"token\"", "to ken", "tok\xE2\x80\x99n", "tok\ten"}) {
    CHECK(error_of([&] { cf::ApiClient{cf::ApiToken(bad)}; }).kind() == cf::ErrorKind::invalid_argument);
    CHECK(error_of([&] { cf::ApiClient{cf::EmailKey("a@example.com", bad)}; }).kind() ==
          cf::ErrorKind::invalid_argument);
  }
}

TEST_CASE("a token provider is asked for every attempt, and a secret that a server echoes does not show") {
  Scripted s({cut(), refused(400, 10001, "bad token secret-2 given")});
  int asked = 0;
  const cf::ApiClient client(cf::TokenProvider([&] { return "secret-" + std::to_string(++asked); }),
                             {.account_id = "acc", .transport = s.fake, .clock = s.fake->clock()});
  const auto error = error_of([&] { client.kv("ns").put("k", "v"); });
  CHECK(s.fake->requests()[0].header("Authorization") == "Bearer secret-1");
  CHECK(s.fake->requests()[1].header("Authorization") == "Bearer secret-2");
  CHECK(std::string(error.what()).find("secret") == std::string::npos);
}

TEST_CASE("a malformed base URL or account id, or plain http to another host, is refused with the reason") {
  for (const char* url : {"", "api.cloudflare.com", "ftp://x/", "https://", "https://u:p@x/", "https://x/?q",
                          "http://example.com/v4", "https://x y/"})
    CHECK(error_of([&] { cf::ApiClient(cf::ApiToken("t"), {.base_url = url}); }).kind() ==
          cf::ErrorKind::invalid_argument);
  CHECK_NOTHROW(cf::ApiClient(cf::ApiToken("t"), {.base_url = "http://127.0.0.1:1/client/v4/"}));
  CHECK_NOTHROW(cf::ApiClient(cf::ApiToken("t"), {.base_url = "http://example.com", .allow_plain_http = true}));
  for (const char* id : {"a/b", "a b", "012345678901234567890123456789012"})
    CHECK(error_of([&] { cf::ApiClient(cf::ApiToken("t"), {.account_id = id}); }).kind() ==
          cf::ErrorKind::invalid_argument);
  const Scripted s;
  CHECK(error_of([&] { (void)s.kv().list_page({.limit = -1}); }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(s.count() == 0);
}

TEST_CASE("from_env names the variable of a gap or a conflict") {
  const auto message = [](std::initializer_list<std::pair<const char*, const char*>> variables) {
    for (const char* name : {"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_ACCOUNT_ID"})
      support::set_variable(name, nullptr);
    for (const auto& [name, value] : variables) support::set_variable(name, value);
    return std::string(error_of([] { (void)cf::ApiClient::from_env(); }).what());
  };
  CHECK(message({{"CLOUDFLARE_API_TOKEN", "t"}}).find("CLOUDFLARE_ACCOUNT_ID") != std::string::npos);
  CHECK(message({{"CLOUDFLARE_ACCOUNT_ID", "a"}, {"CLOUDFLARE_EMAIL", "e@x"}}).find("CLOUDFLARE_API_KEY") !=
        std::string::npos);
  CHECK(message({{"CLOUDFLARE_ACCOUNT_ID", "a"}, {"CLOUDFLARE_API_TOKEN", "t"}, {"CLOUDFLARE_API_KEY", "k"}})
            .find("conflict") != std::string::npos);
}

TEST_CASE("Result has the names of std::expected and throws the Error itself") {
  cf::Result<int> good = 4;
  const cf::Result<int> bad = cf::invalid_argument("no");
  CHECK(good.value() == 4);
  CHECK(*good == 4);
  CHECK(bad.value_or(7) == 7);
  CHECK_THROWS_AS(bad.value(), cf::Error);
  CHECK(good.transform([](int n) { return n * 2; }).value() == 8);
  CHECK(good.and_then([](int n) { return cf::Result<std::string>(std::to_string(n)); }).value() == "4");
  CHECK(bad.or_else([](const cf::Error&) { return cf::Result<int>(9); }).value() == 9);
  CHECK(cf::Result<void>().has_value());
  CHECK_FALSE(cf::Result<void>(cf::invalid_argument("no")).transform([] { return 1; }).has_value());
}

TEST_CASE("metadata takes braces by nlohmann's rule; one object in braces is that object") {
  const nlohmann::json object{{"a", 1}};
  CHECK(cf::kv::PutOptions{.metadata = {{"lang", "en"}}}.metadata.text() == R"({"lang":"en"})");
  CHECK(cf::kv::PutOptions{.metadata = {"a", "b"}}.metadata.text() == R"(["a","b"])");
  CHECK(cf::kv::PutOptions{.metadata = {object}}.metadata.text() == R"({"a":1})");
  CHECK(cf::kv::PutOptions{.metadata = object}.metadata.text() == R"({"a":1})");
  CHECK(cf::kv::PutOptions{}.metadata.empty());
  CHECK(cf::JsonText::raw("[1,2]").as<std::vector<int>>() == std::vector{1, 2});
  CHECK(error_of([] { (void)cf::JsonText::raw("[1,").as<nlohmann::json>(); }).kind() == cf::ErrorKind::decode);
}

TEST_CASE("text is encoded for JSON, URLs, base64 and times, and read back") {
  std::string out;
  cf::detail::append_json_string(out, "a\"\\\n\x01/\xC3\xA9");
  CHECK(out == "\"a\\\"\\\\\\n\\u0001/\xC3\xA9\"");
  out.clear();
  cf::detail::append_percent_encoded(out, "a/b ~%");
  CHECK(out == "a%2Fb%20~%25");
  CHECK(cf::detail::percent_decoded(out) == "a/b ~%");
  CHECK_FALSE(cf::detail::percent_decoded("%2"));
  for (const std::string& bytes :
       {std::string(), std::string("a"), std::string("ab"), std::string("\xFF\x00\x10", 3)}) {
    std::string text;
    cf::detail::append_base64(text, bytes);
    CHECK(cf::detail::base64_decoded(text) == bytes);
  }
  for (const char* text : {"a=bc", "\t\t\t\t", "AAAA----", "    AAAA", "AAAA\n\n\n\n"})
    CHECK_FALSE(cf::detail::base64_decoded(text));
  const auto time = cf::detail::parse_rfc3339("2026-01-31T12:00:00.5+02:00");
  REQUIRE(time);
  CHECK(cf::detail::format_rfc3339(*time) == "2026-01-31T10:00:00Z");
  CHECK_FALSE(cf::detail::parse_rfc3339("2026-02-30T12:00:00Z"));
}

TEST_CASE("the log shows names on its list only, and what a hook throws reaches the caller") {
  Scripted s({cut(), FakeReply{.body = "v"}, FakeReply{.body = "v"}});
  std::vector<std::string> events;
  const auto kv =
      s.client({.log = [&](const cf::LogRecord& r) { events.emplace_back(r.event); }, .log_level = cf::LogLevel::debug})
          .kv("ns");
  (void)kv.get("k");
  CHECK(events == std::vector<std::string>{"request", "reply", "retry", "request", "reply"});
  struct Stop {};
  const auto throwing =
      s.client({.log = [](const cf::LogRecord&) { throw Stop(); }, .log_level = cf::LogLevel::debug}).kv("ns");
  CHECK_THROWS_AS((void)throwing.get("k"), Stop);
}

TEST_CASE("every operation of Workers KV, D1, Vectorize, Workers AI and token verification has its row in the table") {
  std::set<std::string> rows;
  std::set<std::string> names;
  std::size_t count = 0;
  const auto take = [&](const auto& table) {
    for (const cf::detail::Endpoint& endpoint : table) {
      names.insert(std::string(endpoint.name));
      ++count;
      const bool v4 = endpoint.form != cf::detail::Form::bare;
      if (v4 && !endpoint.path.empty()) rows.insert(std::string(endpoint.method) + ' ' + std::string(endpoint.path));
    }
  };
  take(cf::ops::account_endpoints);
  take(cf::ops::kv_endpoints);
  take(cf::ops::d1_endpoints);
  take(cf::ops::vectorize_endpoints);
  take(cf::ops::workers_ai_endpoints);
  CHECK(names.size() == count);
  const std::string kv = "/accounts/{}/storage/kv/namespaces";
  const std::string d1 = "/accounts/{}/d1/database";
  const std::string vectorize = "/accounts/{}/vectorize/v2/indexes";
  const std::set<std::string> api{"GET " + kv,
                                  "POST " + kv,
                                  "GET " + kv + "/{}",
                                  "PUT " + kv + "/{}",
                                  "DELETE " + kv + "/{}",
                                  "GET " + kv + "/{}/keys",
                                  "GET " + kv + "/{}/values/{}",
                                  "PUT " + kv + "/{}/values/{}",
                                  "DELETE " + kv + "/{}/values/{}",
                                  "GET " + kv + "/{}/metadata/{}",
                                  "PUT " + kv + "/{}/bulk",
                                  "DELETE " + kv + "/{}/bulk",
                                  "POST " + kv + "/{}/bulk/delete",
                                  "POST " + kv + "/{}/bulk/get",
                                  "GET " + d1,
                                  "POST " + d1,
                                  "GET " + d1 + "/{}",
                                  "PUT " + d1 + "/{}",
                                  "PATCH " + d1 + "/{}",
                                  "DELETE " + d1 + "/{}",
                                  "POST " + d1 + "/{}/query",
                                  "POST " + d1 + "/{}/raw",
                                  "POST " + d1 + "/{}/import",
                                  "POST " + d1 + "/{}/export",
                                  "GET " + d1 + "/{}/time_travel/bookmark",
                                  "POST " + d1 + "/{}/time_travel/restore",
                                  "GET " + vectorize,
                                  "POST " + vectorize,
                                  "GET " + vectorize + "/{}",
                                  "DELETE " + vectorize + "/{}",
                                  "GET " + vectorize + "/{}/info",
                                  "POST " + vectorize + "/{}/insert",
                                  "POST " + vectorize + "/{}/upsert",
                                  "POST " + vectorize + "/{}/query",
                                  "POST " + vectorize + "/{}/get_by_ids",
                                  "POST " + vectorize + "/{}/delete_by_ids",
                                  "GET " + vectorize + "/{}/list",
                                  "POST " + vectorize + "/{}/metadata_index/create",
                                  "GET " + vectorize + "/{}/metadata_index/list",
                                  "POST " + vectorize + "/{}/metadata_index/delete",
                                  "POST /accounts/{}/ai/run/@cf/{}/{}",
                                  "GET /user/tokens/verify",
                                  "GET /accounts/{}/tokens/verify"};
  CHECK(rows == api);
}
