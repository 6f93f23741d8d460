// Waiting: Retry-After, deadlines, stalls and cancellation over the real transport.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <future>
#include <stop_token>

#include "http/operations.hpp"
#include "support/catch.hpp"

using namespace http_test;

namespace {

std::string http_date(std::chrono::system_clock::time_point when) {
  const std::time_t time = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

const Answer throttled = failure(429, 971, "Please wait and consider throttling your request speed");

Answer retry_after(std::string value) { return with_header(throttled, "Retry-After", std::move(value)); }

}  // namespace

TEST_CASE("429 is retried for every method, for the request was not executed") {
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    FaultServer server;
    server.script({retry_after("0"), success("7")});
    CHECK(client_of(server).request(method, "/x") == 7);
    const auto seen = server.requests();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].method == method);
    CHECK(seen[1].method == method);
  }
}

TEST_CASE("Retry-After in seconds is obeyed") {
  FaultServer server;
  server.script({retry_after("2"), reply(200, "value")});
  const auto start = std::chrono::steady_clock::now();
  CHECK(client_of(server).kv("ns").get("k") == "value");
  CHECK(since(start) >= 2s);
}

TEST_CASE("Retry-After as a date is obeyed, by the server's own clock") {
  FaultServer server;
  // The server's clock is a year ahead of ours: what counts is the difference to its Date.
  const auto date = std::chrono::system_clock::now() + std::chrono::hours(24 * 365);
  server.script({with_header(retry_after(http_date(date + 2s)), "Date", http_date(date)), reply(200, "value")});
  const auto start = std::chrono::steady_clock::now();
  CHECK(client_of(server).kv("ns").get("k") == "value");
  CHECK(since(start) >= 2s);
}

TEST_CASE("Retry-After beyond the deadline fails at once, with the wait in the error") {
  const auto in_an_hour = http_date(std::chrono::system_clock::now() + 1h);
  for (const std::string& value : {"3600"s, in_an_hour}) {
    FaultServer server;
    server.on_request([=](const Recorded&) { return retry_after(value); });
    const auto start = std::chrono::steady_clock::now();
    const auto error = error_of([&] { (void)client_of(server).kv("ns").get("k"); });
    CHECK(since(start) < 5s);
    CHECK(error.kind() == cf::ErrorKind::rate_limited);
    CHECK(error.code() == cf::ErrorCode::rate_limited);
    REQUIRE(error.retry_after());
    CHECK(*error.retry_after() > 3590s);
    CHECK(*error.retry_after() <= 3600s);
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("a Retry-After that is no time at all is ignored") {
  for (const char* value : {"soon", "", "-5", "99999999999999999999999", "12abc"}) {
    FaultServer server;
    server.script({with_header(failure(503, 10001, "later"), "Retry-After", value), reply(200, "value")});
    const auto result = client_of(server).kv("ns").checked().get("k");
    const bool too_long = value == "99999999999999999999999"s;
    INFO(value);
    REQUIRE(result.has_value() != too_long);
    if (too_long)
      CHECK(result.error().kind() == cf::ErrorKind::server);
    else
      CHECK(result.value() == "value");
  }
}

TEST_CASE("a body that stops after the headers ends with a timeout error at the deadline") {
  FaultServer server;
  Answer stops = reply(200, "the value");
  stops.stop = Stop::stall;
  stops.stop_at = support::render(stops).size() - 3;
  server.on_request([=](const Recorded&) { return stops; });
  const auto client = client_of(server);
  const auto start = std::chrono::steady_clock::now();
  const auto error = error_of([&] { (void)client.with({.timeout = 300ms}).kv("ns").get("k"); });
  CHECK(error.kind() == cf::ErrorKind::timeout);
  CHECK(since(start) >= 300ms);
  CHECK(since(start) < 5s);
  CHECK(server.requests().size() <= 1);
}

TEST_CASE("a reply that drips on and on ends at the deadline, though it never stalls") {
  for (const OperationClass& operation : operation_classes()) {
    FaultServer server;
    Answer drips = operation.good;
    drips.framing = Framing::chunked;
    drips.drip = 5ms;
    drips.endless = true;
    server.on_request([=](const Recorded&) { return drips; });
    INFO(operation.name);
    const auto start = std::chrono::steady_clock::now();
    const auto error =
        error_of([&] { operation.run(client_of(server, [](cf::ClientOptions& o) { o.timeout = 400ms; })); });
    CHECK(error.kind() == cf::ErrorKind::timeout);
    CHECK(since(start) < 5s);
    CHECK(server.requests().size() <= 1);
  }
}

TEST_CASE("one deadline covers all attempts and pauses") {
  FaultServer server;
  server.on_request([](const Recorded&) { return failure(503, 10001, "later"); });
  const auto client = client_of(server, [](cf::ClientOptions& o) {
    o.timeout = 500ms, o.max_attempts = 1'000'000, o.backoff_base = 20ms, o.backoff_cap = 20ms;
  });
  const auto start = std::chrono::steady_clock::now();
  const auto error = error_of([&] { (void)client.kv("ns").get("k"); });
  CHECK(since(start) < 5s);
  CHECK((error.kind() == cf::ErrorKind::server || error.kind() == cf::ErrorKind::timeout));
  // The deadline may end the last attempt before the server has read it.
  const int arrived = static_cast<int>(server.requests().size());
  CHECK((error.attempts() == arrived || error.attempts() == arrived + 1));
  CHECK(error.attempts() > 1);
}

TEST_CASE("an upload that the server does not take ends at the deadline or the stall limit") {
  for (const bool by_deadline : {true, false}) {
    FaultServer server;
    server.on_head([](const Recorded&) -> std::optional<Answer> { return Answer{.stop_at = 0, .stop = Stop::stall}; });
    const auto client = client_of(server, [&](cf::ClientOptions& o) {
      o.max_attempts = 1, o.timeout = by_deadline ? 500ms : 20s, o.stall_timeout = by_deadline ? 20s : 500ms;
    });
    const auto start = std::chrono::steady_clock::now();
    const auto error = error_of([&] { client.kv("ns").put("k", std::string(25 << 20, 'x')); });
    CHECK(error.kind() == cf::ErrorKind::timeout);
    CHECK(error.outcome_unknown());
    CHECK(since(start) < 10s);
  }
}

TEST_CASE("a connection that nobody accepts ends at the connect limit") {
  // 127.0.0.1 refuses or accepts at once; a listener with a full queue leaves the handshake unanswered.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 0) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  std::vector<int> queued;
  for (int i = 0; i < 4; ++i) {
    queued.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(queued.back(), reinterpret_cast<const sockaddr*>(&address), size);
  }
  cf::ClientOptions options = fast("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  options.connect_timeout = 300ms;
  options.max_attempts = 2;
  const auto start = std::chrono::steady_clock::now();
  const auto error = error_of([&] { cf::ApiClient(cf::ApiToken(token), options).kv_namespaces().create("t"); });
  CHECK((error.kind() == cf::ErrorKind::timeout || error.kind() == cf::ErrorKind::transport));
  CHECK_FALSE(error.outcome_unknown());
  CHECK(error.attempts() == 2);
  CHECK(since(start) >= 550ms);  // twice the limit, less what rounding takes
  CHECK(since(start) < 10s);
  for (const int fd : queued) ::close(fd);
  ::close(listener);
}
