// Credentials and values: where they go and where they never show.

#include <cstdlib>
#include <mutex>
#include <sstream>

#include "http/operations.hpp"
#include "support/catch.hpp"

using namespace http_test;

namespace {

constexpr const char* secret_value = "value-SECRET-4711";

/// All that the client logs, every field of every record.
class Log {
 public:
  cf::LogHook hook() {
    return [this](const cf::LogRecord& r) {
      const std::lock_guard lock(mutex_);
      text_ << r.event << ' ' << r.operation << ' ' << r.method << ' ' << r.attempt << ' ' << r.http_status << ' '
            << r.ray_id << ' ' << r.error << ' ' << r.request_bytes << ' ' << r.reply_bytes << ' ' << r.pause.count()
            << '\n';
    };
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_.str();
  }

 private:
  mutable std::mutex mutex_;
  std::ostringstream text_;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string everything(const cf::Error& error) {
  std::string text = error.what();
  text += error.details().text;
  for (const cf::Message& message : error.messages()) text += message.message + message.meta;
  return text;
}

}  // namespace

TEST_CASE("a redirect is not followed, and nothing is sent to the other host") {
  for (const int status : {301, 302, 303, 307, 308}) {
    for (const OperationClass& operation : operation_classes()) {
      FaultServer other, server;
      server.on_request(
          [&](const Recorded& r) { return with_header(reply(status, ""), "Location", other.origin() + r.target); });
      const auto error = error_of([&] { operation.run(client_of(server)); });
      INFO(operation.name << " " << status);
      CHECK(error.http_status() == status);
      CHECK(error.kind() == cf::ErrorKind::rejected);
      CHECK(server.requests().size() == 1);
      CHECK(other.connections() == 0);
    }
  }
}

TEST_CASE("a redirect to the same host or to a file is not followed either") {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("passwd"), "a local file");
  for (const std::string& where : {"/client/v4/elsewhere"s, "file://" + folder.file("passwd")}) {
    FaultServer server;
    server.on_request([=](const Recorded&) { return with_header(reply(302, ""), "Location", where); });
    CHECK(error_of([&] { (void)client_of(server).kv("ns").get("k"); }).http_status() == 302);
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("a base URL of another protocol than http and https is refused") {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("f"), "a local file");
  for (const std::string& url : {"file://" + folder.file(""), "ftp://127.0.0.1:1/"s, "gopher://127.0.0.1:1/"s}) {
    const auto error = error_of([&] { cf::ApiClient(cf::ApiToken(token), fast(url)); });
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    cf::TransferLimits limits{.deadline = std::chrono::steady_clock::now() + 10s};
    CHECK_THROWS_AS(cf::make_curl_transport()->send({.method = "GET", .url = url}, limits), cf::Error);
  }
}

TEST_CASE("the debug log hides the token, keys and values") {
  FaultServer server;
  server.script({failure(503, 10001, "later"), success("null"), reply(200, secret_value),
                 success(R"([{"name":"key-SECRET"}])"), reply(500, secret_value)});
  Log log;
  const auto client = client_of(server, [&](cf::ClientOptions& o) {
    o.log = log.hook();
    o.log_level = cf::LogLevel::debug;
    o.max_attempts = 2;
  });
  client.kv("ns").put("key-SECRET", secret_value, {.metadata = {{"note", secret_value}}});
  CHECK(client.kv("ns").get("key-SECRET") == secret_value);
  (void)client.kv("ns").list_page({.prefix = "key-SECRET"});
  (void)error_of([&] { client.request("POST", "/x?secret=key-SECRET", {{"sql", secret_value}}); });

  const std::string text = log.text();
  INFO(text);
  CHECK(contains(text, "kv.put"));
  CHECK(contains(text, "503"));
  CHECK(contains(text, ray));
  CHECK_FALSE(contains(text, token));
  CHECK_FALSE(contains(text, "SECRET"));
  CHECK_FALSE(contains(text, "127.0.0.1"));
}

TEST_CASE("an error never shows the token, not even when the server sends it back") {
  for (const int status : {200, 400, 403, 500}) {
    FaultServer server;
    server.on_request([=](const Recorded& r) {
      return status == 500 ? reply(500, "<p>" + r.header("Authorization") + "</p>", "text/html")
                           : failure(status, 6003, "Invalid header: " + r.header("Authorization"));
    });
    const auto error = error_of([&] { client_of(server).kv("ns").put("k", "v"); });
    CHECK_FALSE(contains(everything(error), token));
  }
}

TEST_CASE("neither the log nor a message shows the token, though the server sends it back as its ray or as a message") {
  FaultServer server;
  server.on_request([](const Recorded& r) {
    Answer answer = r.target.ends_with("good")
                        ? reply(200, R"({"success":true,"errors":[],"messages":[{"code":1,"message":"you sent )" +
                                         r.header("Authorization") + R"("}],"result":null})")
                        : failure(503, 10001, "later");
    answer.headers.back().second = r.header("Authorization").substr(7);
    return answer;
  });
  Log log;
  std::string messages;
  const auto client = client_of(server, [&](cf::ClientOptions& o) {
    o.log = log.hook();
    o.log_level = cf::LogLevel::debug;
    o.on_messages = [&](std::string_view, const std::vector<cf::Message>& list) {
      for (const cf::Message& one : list) messages += one.message;
    };
  });
  const auto error = error_of([&] { client.kv("ns").put("bad", "v"); });
  client.kv("ns").put("good", "v");
  INFO(log.text());
  CHECK(contains(log.text(), "503 [redacted]"));
  CHECK_FALSE(contains(log.text(), token));
  CHECK_FALSE(contains(error.ray_id(), token));
  CHECK(messages == "you sent Bearer [redacted]");
}

TEST_CASE("an error never shows a key or a value, though the reply with them was cut to pieces") {
  const std::string page =
      R"({"result":{"values":{"key-SECRET":"value-SECRET-4711"}},"success":true,"errors":[],"messages":[]})";
  for (std::size_t size = 1; size < page.size(); ++size) {
    FaultServer server;
    server.on_request([=](const Recorded&) { return reply(200, page.substr(0, size)); });
    const std::vector<std::string> keys = {"key-SECRET"};
    const auto error = error_of([&] { (void)client_of(server).kv("ns").get_bulk(keys); });
    INFO(error.what());
    CHECK(error.kind() == cf::ErrorKind::decode);
    CHECK_FALSE(contains(everything(error), "SECRET"));
  }
}

TEST_CASE("an error of the connection shows neither the key nor the URL") {
  for (const Answer& fault :
       {Answer{.stop_at = 0}, Answer{.raw = "SSH-2.0\r\n", .close_after = true}, reply(502, html)}) {
    FaultServer server;
    server.on_request([=](const Recorded&) { return fault; });
    const auto error = error_of([&] { (void)client_of(server).kv("ns").get("key-SECRET"); });
    CHECK_FALSE(contains(everything(error), "SECRET"));
    CHECK_FALSE(contains(everything(error), "/client/v4"));
  }
}

TEST_CASE("a token pasted with a newline, a quote, a typographic quote or a blank is refused before sending") {
  for (const char* pasted : {"s3cr3t\n", "s3cr3t\r\nX-Injected: 1", "\"s3cr3t\"", "'s3cr3t'",
                             "\xe2\x80\x9cs3cr3t\xe2\x80\x9d", "s3c r3t", "",
                             "s\xc3\xb6"
                             "cr3t",
                             "s3cr3t\t", "s3cr3t\x7f", " s3cr3t"}) {
    FaultServer server;
    INFO(pasted);
    const auto error = error_of([&] {
      cf::ApiClient client(cf::ApiToken(pasted), fast(server.url()));
      (void)client.kv("ns").get("k");
    });
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(server.connections() == 0);
    // The message says what is wrong without showing the token.
    CHECK((*pasted == '\0' || !contains(everything(error), pasted)));
  }
}

TEST_CASE("a token from a provider is checked and asked for before every attempt") {
  FaultServer server;
  server.script({failure(503, 10001, "later"), reply(200, "value")});
  int calls = 0;
  cf::ApiClient rotating(cf::TokenProvider([&] { return "token-" + std::to_string(++calls); }), fast(server.url()));
  CHECK(rotating.kv("ns").get("k") == "value");
  const auto seen = server.requests();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].header("Authorization") == "Bearer token-1");
  CHECK(seen[1].header("Authorization") == "Bearer token-2");

  cf::ApiClient broken(cf::TokenProvider([] { return "token\n"s; }), fast(server.url()));
  CHECK(error_of([&] { (void)broken.kv("ns").get("k"); }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("exactly one credential travels, whichever kind it is, and none is taken from .netrc") {
  const support::TemporaryFolder home;
  support::write_file(home.file(".netrc"), "machine 127.0.0.1 login stranger password stranger\n");
  const char* before = std::getenv("HOME");
  const std::string old_home = before != nullptr ? before : "";
  ::setenv("HOME", home.file("").c_str(), 1);
  FaultServer server;
  server.on_request([](const Recorded&) { return reply(200, "value"); });
  (void)cf::ApiClient(cf::ApiToken(token), fast(server.url())).kv("ns").get("k");
  (void)cf::ApiClient(cf::EmailKey("a@example.com", "0123456789abcdef"), fast(server.url())).kv("ns").get("k");
  ::setenv("HOME", old_home.c_str(), 1);

  const auto seen = server.requests();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].count("Authorization") == 1);
  CHECK(seen[0].header("Authorization") == "Bearer "s + token);
  CHECK(seen[0].count("X-Auth-Email") + seen[0].count("X-Auth-Key") == 0);
  CHECK(seen[1].count("Authorization") == 0);
  CHECK(seen[1].count("X-Auth-Email") == 1);
  CHECK(seen[1].header("X-Auth-Email") == "a@example.com");
  CHECK(seen[1].count("X-Auth-Key") == 1);
  CHECK(seen[1].header("X-Auth-Key") == "0123456789abcdef");
  for (const Recorded& r : seen) CHECK(r.count("Cookie") == 0);
}

TEST_CASE("a cookie that a reply sets is not sent back") {
  FaultServer server;
  server.on_request([](const Recorded&) { return with_header(reply(200, "v"), "Set-Cookie", "__cf_bm=x; path=/"); });
  const auto kv = client_of(server).kv("ns");
  (void)kv.get("a");
  (void)kv.get("b");
  CHECK(server.requests().at(1).count("Cookie") == 0);
}

TEST_CASE("two credentials in one process never mix, even on one server") {
  FaultServer server;
  server.on_request([](const Recorded& r) { return reply(200, r.header("Authorization")); });
  const cf::ApiClient a(cf::ApiToken("token-a"), fast(server.url()));
  const cf::ApiClient b(cf::ApiToken("token-b"), fast(server.url()));
  for (int i = 0; i < 3; ++i) {
    CHECK(a.kv("ns").get("k") == "Bearer token-a");
    CHECK(b.kv("ns").get("k") == "Bearer token-b");
  }
}
