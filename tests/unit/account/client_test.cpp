// Credentials, options, the environment, Result, the JSON layer and encoding.

#include <cloudflare/json.hpp>

#include "../engine/core_support.hpp"
#include "base/encode.hpp"
#include "http/url.hpp"
#include "support/system.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::vector<const char*> variables{"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY",
                                         "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL"};

/// Sets these environment variables and clears the library's others; clears all of them at the end.
struct Environment {
  explicit Environment(std::initializer_list<std::pair<const char*, const char*>> set) {
    clear();
    for (const auto& [name, value] : set) support::set_variable(name, value);
  }
  ~Environment() { clear(); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  static void clear() {
    for (const char* name : variables) support::set_variable(name, nullptr);
  }
};

/// The message with which these options are refused.
std::string refusal_of(cf::ClientOptions options) {
  const auto error = error_of([&] { cf::ApiClient(cf::ApiToken("t"), options); });
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  return error.what();
}

bool message_holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("exactly one credential is on the wire, whichever kind it is") {
  const Scripted s({ok("null"), ok("null")});
  s.kv().erase("k");
  cf::ApiClient(cf::EmailKey("a@example.com", "key"),
                {.account_id = "acc", .user_agent = "mine/1", .transport = s.fake, .clock = s.fake->clock()})
      .kv("ns")
      .erase("k");
  const auto sent = s.fake->requests();
  CHECK(sent[0].header("authorization") == "Bearer token");
  CHECK(sent[0].header("X-Auth-Key").empty());
  CHECK(sent[0].header("X-Auth-Email").empty());
  CHECK(sent[0].header("User-Agent").starts_with("cloudflare-cpp/"));
  CHECK(sent[1].header("Authorization").empty());
  CHECK(sent[1].header("X-Auth-Email") == "a@example.com");
  CHECK(sent[1].header("X-Auth-Key") == "key");
  CHECK(sent[1].header("User-Agent") == "mine/1");
}

TEST_CASE("a token provider that gives what cannot be sent, or throws, ends the call before any request") {
  const Scripted s;
  const auto with = [&](std::function<std::string()> provide) {
    return cf::ApiClient(cf::TokenProvider(std::move(provide)),
                         {.account_id = "acc", .transport = s.fake, .clock = s.fake->clock()})
        .kv("ns");
  };
  const auto error = error_of([&] { with([] { return "bad\ntoken"; }).erase("k"); });
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK_FALSE(message_holds(error.what(), "bad"));
  CHECK_FALSE(error.outcome_unknown());
  struct Locked {};
  CHECK_THROWS_AS(with([]() -> std::string { throw Locked(); }).erase("k"), Locked);
  CHECK(error_of([&] { with(nullptr); }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(s.count() == 0);
}

TEST_CASE("a refused credential is not repeated in the error that refuses it") {
  for (const char* token : {"hunter2\n", "\"hunter2\"", "hunter2\xE2\x80\x9D"}) {
    const auto error = error_of([&] { cf::ApiClient{cf::ApiToken(token)}; });
    CHECK(message_holds(error.what(), "the API token"));
    CHECK_FALSE(message_holds(error.what(), "hunter2"));
  }
  CHECK(message_holds(error_of([] { cf::ApiClient{cf::EmailKey("a b@example.com", "k")}; }).what(), "e-mail"));
}

TEST_CASE("options that make no sense are refused, each with its name") {
  CHECK(message_holds(refusal_of({.timeout = 0ms}), "timeouts"));
  CHECK(message_holds(refusal_of({.connect_timeout = -1ms}), "timeouts"));
  CHECK(message_holds(refusal_of({.stall_timeout = -5s}), "timeouts"));
  CHECK(message_holds(refusal_of({.max_attempts = 0}), "max_attempts"));
  CHECK(message_holds(refusal_of({.backoff_base = -1ms}), "backoff"));
  CHECK(message_holds(refusal_of({.backoff_cap = -1ms}), "backoff"));
  CHECK(message_holds(refusal_of({.in_flight = 0}), "in_flight"));
  CHECK(message_holds(refusal_of({.reply_limit = 0}), "reply_limit"));
  CHECK(message_holds(refusal_of({.user_agent = "a\r\nX: y"}), "user agent"));
  CHECK(message_holds(refusal_of({.account_id = std::string(33, 'a')}), "account id"));
  CHECK(message_holds(refusal_of({.account_id = "\xC3\xA9"}), "account id"));
}

TEST_CASE("limits of a call that make no sense are refused before any request, each with its name") {
  const Scripted s;
  const auto refused_with = [&](cf::CallOptions options) {
    const auto error = error_of([&] { (void)s.kv().with(options).get("k"); });
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    return std::string(error.what());
  };
  CHECK(message_holds(refused_with({.timeout = -1s}), "timeout"));
  CHECK(message_holds(refused_with({.timeout = 0s}), "timeout"));
  CHECK(message_holds(refused_with({.max_attempts = 0}), "max_attempts"));
  CHECK(message_holds(refused_with({.in_flight = -4}), "in_flight"));
  CHECK(s.count() == 0);
}

TEST_CASE("a base URL is http or https with a host and nothing behind its path") {
  for (const char* url : {"https://",
                          "https:///v4",
                          "file:///etc/passwd",
                          "https://x/#",
                          "https://x/?",
                          "https://:pw@x/",
                          "https://x:99999/",
                          "https://x:0/",
                          "http://127.0.0.1.example.com/",
                          "http://localhost.example.com/",
                          "http://0x7f.1.evil/",
                          "https://x/\n",
                          "https:/x/v4",
                          "https:/user:pw@host/?q=://x",
                          "https:/host/#://x",
                          "https:/user@host/://x",
                          "https:x://y",
                          "http:/127.0.0.1/://x",
                          "https://@x/",
                          "https://:@x/",
                          "https://u;o@x/",
                          "http://127.1.2.3.4/",
                          "http://127.999.1.1/"}) {
    INFO(url);
    CHECK_FALSE(refusal_of({.base_url = url}).empty());
  }
  // libcurl 8.23 takes the last dot away; until then this is a name that a resolver may know.
  const std::string dotted = "http://127.0.0.1./";
  if (cf::detail::url_parts(dotted)->host.ends_with('.')) CHECK_FALSE(refusal_of({.base_url = dotted}).empty());
  for (const char* url : {"http://localhost:1", "http://[::1]:1/v4", "http://127.8.9.1", "HTTPS://example.com/v4//"}) {
    const Scripted s({ok("null")});
    s.client({.base_url = url}).kv("ns").erase("k");
    const std::string sent = s.fake->requests()[0].url;
    INFO(sent);
    CHECK(sent.find("//accounts") == std::string::npos);
    CHECK(sent.ends_with("/accounts/acc/storage/kv/namespaces/ns/values/k"));
  }
}

TEST_CASE("the account id is needed by what uses it, and by nothing else") {
  const Scripted s({ok(R"({"id":"t","status":"active"})"), ok("1")});
  const cf::ApiClient client(cf::ApiToken("t"), {.transport = s.fake, .clock = s.fake->clock()});
  CHECK(client.verify_token().status == "active");
  CHECK(client.request<json>("GET", "/x") == 1);
  CHECK(message_holds(error_of([&] { (void)client.kv("ns").get("k"); }).what(), "CLOUDFLARE_ACCOUNT_ID"));
  CHECK(message_holds(error_of([&] { (void)client.verify_account_token(); }).what(), "account id"));
  CHECK(s.count() == 2);
}

TEST_CASE("from_env takes a token or e-mail and key, account and base URL, and lets options win") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("null"); });
  const cf::ClientOptions options{.transport = s.fake, .clock = s.fake->clock()};
  {
    const Environment set({{"CLOUDFLARE_API_TOKEN", "tok"},
                           {"CLOUDFLARE_ACCOUNT_ID", "from-env"},
                           {"CLOUDFLARE_BASE_URL", "https://example.com/v4"}});
    cf::ApiClient::from_env(options).kv("ns").erase("k");
    cf::ClientOptions own = options;
    own.account_id = "own";
    own.base_url = "https://other.example.com";
    cf::ApiClient::from_env(own).kv("ns").erase("k");
  }
  {
    const Environment set({{"CLOUDFLARE_EMAIL", "a@example.com"},
                           {"CLOUDFLARE_API_KEY", "key"},
                           {"CLOUDFLARE_API_TOKEN", ""},
                           {"CLOUDFLARE_ACCOUNT_ID", "acc"}});
    cf::ApiClient::from_env(options).kv("ns").erase("k");
  }
  const auto sent = s.fake->requests();
  CHECK(sent.at(0).url.starts_with("https://example.com/v4/accounts/from-env/"));
  CHECK(sent.at(0).header("Authorization") == "Bearer tok");
  CHECK(sent.at(1).url.starts_with("https://other.example.com/accounts/own/"));
  CHECK(sent.at(2).header("X-Auth-Email") == "a@example.com");
}

TEST_CASE("from_env names the variable of every gap, conflict and malformed value") {
  const auto says = [](std::initializer_list<std::pair<const char*, const char*>> set) {
    const Environment environment(set);
    const auto error = error_of([] { (void)cf::ApiClient::from_env(); });
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    return std::string(error.what());
  };
  CHECK(message_holds(says({}), "CLOUDFLARE_ACCOUNT_ID"));
  CHECK(message_holds(says({{"CLOUDFLARE_ACCOUNT_ID", "a"}}), "CLOUDFLARE_API_TOKEN"));
  CHECK(message_holds(says({{"CLOUDFLARE_ACCOUNT_ID", "a"}, {"CLOUDFLARE_API_KEY", "k"}}), "CLOUDFLARE_EMAIL is not"));
  CHECK(message_holds(says({{"CLOUDFLARE_ACCOUNT_ID", "a"}, {"CLOUDFLARE_EMAIL", "e"}}), "CLOUDFLARE_API_KEY is not"));
  CHECK(message_holds(says({{"CLOUDFLARE_ACCOUNT_ID", "a"}, {"CLOUDFLARE_API_TOKEN", "t"}, {"CLOUDFLARE_EMAIL", "e"}}),
                      "conflicts"));
  CHECK(message_holds(says({{"CLOUDFLARE_ACCOUNT_ID", "a/b"}, {"CLOUDFLARE_API_TOKEN", "t"}}), "account id"));
  CHECK(message_holds(says({{"CLOUDFLARE_ACCOUNT_ID", "a"}, {"CLOUDFLARE_API_TOKEN", "t\n"}}), "the API token"));
}

TEST_CASE("Result of a value has the names and behaviour of std::expected") {
  cf::Result<std::string> good("text");
  const cf::Result<std::string> bad = cf::invalid_argument("no");
  CHECK(good.has_value());
  CHECK_FALSE(static_cast<bool>(bad));
  CHECK(good->size() == 4);
  *good += "!";
  CHECK(good.value() == "text!");
  CHECK(bad.error().kind() == cf::ErrorKind::invalid_argument);
  CHECK_THROWS_AS(bad.value(), cf::Error);
  CHECK(cf::Result<std::string>(bad).value_or("other") == "other");
  CHECK(good.value_or("other") == "text!");
  static_assert(std::is_same_v<decltype(std::declval<cf::Result<std::string>>().value()), std::string>);
  static_assert(std::is_same_v<decltype(good.value()), std::string&>);
  static_assert(std::is_same_v<cf::Result<int>::value_type, int>);
  static_assert(std::is_same_v<cf::Result<int>::error_type, cf::Error>);
  std::string collected;
  for (const char c : cf::Result<std::string>("by value").value()) collected += c;  // a range-for over a temporary
  CHECK(collected == "by value");

  int called = 0;
  const auto count = [&](const auto&...) { return ++called; };
  CHECK(good.transform(count).value() == 1);
  CHECK_FALSE(bad.transform(count));
  CHECK_FALSE(bad.and_then([&](const std::string&) { return cf::Result<int>(count()); }));
  CHECK(called == 1);
  CHECK_FALSE(good.and_then([](const std::string&) { return cf::Result<int>(cf::invalid_argument("later")); }));
  CHECK(good.or_else([&](const cf::Error&) { return cf::Result<std::string>(std::to_string(count())); }).value() ==
        "text!");
  CHECK(called == 1);
  static_assert(!std::is_convertible_v<cf::Result<int>, cf::Result<bool>>);  // "has a value" must not become the value
  cf::Result<std::unique_ptr<int>> only(std::make_unique<int>(7));
  CHECK(*std::move(only).value() == 7);
}

TEST_CASE("Result<void> has the same names without a value") {
  cf::Result<void> good;
  const cf::Result<void> bad = cf::invalid_argument("no");
  CHECK_NOTHROW(good.value());
  CHECK_NOTHROW(cf::Result<void>().value());
  CHECK_THROWS_AS(bad.value(), cf::Error);
  CHECK(good.transform([] { return 5; }).value() == 5);
  CHECK(good.and_then([] { return cf::Result<int>(6); }).value() == 6);
  CHECK_FALSE(bad.and_then([] { return cf::Result<int>(6); }));
  CHECK(bad.or_else([](const cf::Error&) { return cf::Result<void>(); }));
  int called = 0;
  CHECK(good.transform([&] { ++called; }).has_value());
  CHECK(called == 1);
}

TEST_CASE("the checked view gives the same outcomes as values and throws nothing") {
  const Scripted s({ok("null"), {.body = "v"}, refused(404, 10009, "no"), refused(403, 10000, "no")});
  const auto kv = s.kv().checked();
  CHECK(kv.put("k", "v").has_value());
  CHECK(kv.get("k").value() == "v");
  CHECK(kv.get("k").value() == std::nullopt);
  CHECK(kv.get("k").error().code() == cf::ErrorCode::authentication_error);
  CHECK(kv.get("").error().kind() == cf::ErrorKind::invalid_argument);
  CHECK(s.client().checked().request("get", "/").error().kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("a throwing hook reaches the caller of the checked view as the cause of an error") {
  const Scripted s({{.body = "v"}});
  struct Stop {};
  const auto kv =
      s.client({.log = [](const cf::LogRecord&) { throw Stop(); }, .log_level = cf::LogLevel::debug}).kv("ns");
  const auto result = kv.checked().get("k");
  REQUIRE_FALSE(result);
  CHECK(result.error().kind() == cf::ErrorKind::callback);
  CHECK_THROWS_AS(std::rethrow_exception(result.error().cause()), Stop);
}

TEST_CASE("metadata takes every brace form: pairs are an object, other lists an array, one object a copy") {
  const json object{{"a", {1, 2}}};
  const auto text = [](const cf::kv::PutOptions& options) { return options.metadata.text(); };
  CHECK(text({.metadata = {{"a", 1}, {"b", 2}}}) == R"({"a":1,"b":2})");
  CHECK(text({.metadata = {{"a", {1, 2}}}}) == R"({"a":[1,2]})");
  CHECK(text({.metadata = {{"a", {{"b", nullptr}}}}}) == R"({"a":{"b":null}})");
  CHECK(text({.metadata = {object}}) == object.dump());
  CHECK(text({.metadata = object}) == object.dump());
  CHECK(object.dump() == R"({"a":[1,2]})");  // a copy was taken: the original is as it was
  CHECK(text({.metadata = "text"}) == R"("text")");
  CHECK(text({.metadata = 5}) == "5");
  CHECK(text({.metadata = nullptr}) == "null");
  CHECK(text({.metadata = cf::JsonText::raw("{ }")}) == "{ }");
  CHECK(text({.metadata = {1, 2, 3}}) == "[1,2,3]");
  CHECK(text({.metadata = json("\xFF")}) == "not JSON: the JSON given holds text that is not UTF-8");
}

TEST_CASE("JSON text is parsed on request, and what does not fit is a decode error without its content") {
  const auto secret = cf::JsonText::raw(R"({"key":"secret value"})");
  CHECK(secret.as<json>()["key"] == "secret value");
  const auto error = error_of([&] { (void)secret.as<int>(); });
  CHECK(error.kind() == cf::ErrorKind::decode);
  CHECK_FALSE(message_holds(error.what(), "secret"));
  CHECK(error_of([] { (void)cf::JsonText().as<json>(); }).kind() == cf::ErrorKind::decode);
  CHECK(cf::JsonText::raw("1") == cf::JsonText::raw("1"));
  CHECK_FALSE(cf::JsonText::raw("1").empty());
}

TEST_CASE("overlong forms, surrogates and cut sequences are not valid UTF-8") {
  for (const char* good : {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"})
    CHECK(cf::detail::is_utf8(good));
  for (const char* bad : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xFF", "a\xE2\x82", "\xE2\x82z", "\xF8\x88\x80\x80\x80"}) {
    INFO(json(std::string(bad)).dump(-1, ' ', true, json::error_handler_t::replace));
    CHECK_FALSE(cf::detail::is_utf8(bad));
  }
}

TEST_CASE("every byte and length survives base64, percent-encoding and JSON strings") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const std::string_view part = std::string_view(bytes).substr(bytes.size() - length);
    std::string base64;
    cf::detail::append_base64(base64, part);
    CHECK(base64.size() == (length + 2) / 3 * 4);
    CHECK(cf::detail::base64_decoded(base64) == part);
  }
  std::string url;
  cf::detail::append_percent_encoded(url, bytes);
  CHECK(url.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
        std::string::npos);
  CHECK(cf::detail::percent_decoded(url) == bytes);
  const std::string ascii = bytes.substr(0, 128) + "\xD0\xBA\xF0\x9F\x98\x80";
  std::string quoted;
  cf::detail::append_json_string(quoted, ascii);
  CHECK(json::parse(quoted) == ascii);
  std::string bounded = "before";
  CHECK_FALSE(cf::detail::append_json_string(bounded, ascii, quoted.size() - 1));
  CHECK(bounded == "before");
  CHECK(cf::detail::append_json_string(bounded, ascii, quoted.size()));
  CHECK(bounded == "before" + quoted);
  for (const char byte : ascii)
    for (std::size_t at = 0; at < 20; ++at) {  // the encoder checks several bytes at once, so every position counts
      std::string text(20, '\x7F');
      text[at] = static_cast<unsigned char>(byte) >= 0x80 ? 'x' : byte;
      std::string one;
      cf::detail::append_json_string(one, text);
      CHECK(json::parse(one) == text);
    }
  for (const char* bad : {"A", "AA", "AAA", "A===", "=AAA", "AA=A", "AA\n=", "AA==AA==", "AAA-"}) {
    INFO(bad);
    CHECK_FALSE(cf::detail::base64_decoded(bad));
  }
  for (const char* bad : {"%", "%4", "%zz", "a%4"}) CHECK_FALSE(cf::detail::percent_decoded(bad));
}

TEST_CASE("times of RFC 3339 are read with fraction and offset, and nothing else is") {
  const auto at = [](const char* text) { return cf::detail::parse_rfc3339(text); };
  CHECK(at("1970-01-01T00:00:00Z") == std::chrono::sys_seconds(0s));
  CHECK(at("2024-02-29T23:59:59.999999Z") == std::chrono::sys_seconds(1'709'251'199s));
  CHECK(at("1970-01-01T00:00:00-01:30") == std::chrono::sys_seconds(5400s));
  CHECK(cf::detail::format_rfc3339(std::chrono::sys_seconds(1'709'251'199s)) == "2024-02-29T23:59:59Z");
  for (const char* bad : {"", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:01Z", "2024-01-01",
                          "2024-01-01T00:00:00", "2024-01-01T00:00:00Zx", "not a time at all!!"}) {
    INFO(bad);
    CHECK_FALSE(at(bad));
  }
}

TEST_CASE("credentials that contain each other, overlap, or are part of their replacement are removed whole") {
  const auto shown = [](cf::EmailKey pair, const std::string& text) {
    const auto fake = std::make_shared<FakeTransport>();
    fake->reply(refused(403, 10000, text));
    const cf::ApiClient client(std::move(pair), {.account_id = "acc", .transport = fake, .clock = fake->clock()});
    return error_of([&] { (void)client.kv("ns").get("k"); }).messages().at(0).message;
  };
  CHECK(shown(cf::EmailKey("redacted@x", "e"), "no: redacted@x, e") == "no: [redacted], [redacted]");
  CHECK(shown(cf::EmailKey("ab@bc", "bcd"), "x ab@bcd y") == "x [redacted] y");
  CHECK(shown(cf::EmailKey("a", "aa"), "aaa b") == "[redacted] b");
  CHECK(shown(cf::EmailKey("[redacted]", "[removed]"), "x[redacted]y[removed]z") == "x[redacted]y[redacted]z");
}

TEST_CASE("a credential that is a part of its own replacement is taken out of an error once, and the call ends") {
  const auto fake = std::make_shared<FakeTransport>();
  fake->reply(refused(403, 10000, "dead token: e"));
  const cf::ApiClient client(cf::ApiToken("e"), {.account_id = "acc", .transport = fake, .clock = fake->clock()});
  const cf::Error error = error_of([&] { (void)client.kv("ns").get("k"); });
  CHECK(error.messages().at(0).message == "d[redacted]ad tok[redacted]n: [redacted]");
}
