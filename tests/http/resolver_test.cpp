// A name that does not resolve: the time limits of its call still hold, and no other call waits.

#include <cloudflare/async.hpp>
#include <cloudflare/clock.hpp>

#include <future>
#include <thread>

#include "http/http_test.hpp"
#include "http/resolver.hpp"
#include "support/catch.hpp"

using namespace http_test;
using support::Hang;

namespace {

// The resolver hangs for 12 s; a call that does not wait for it is done long before.
constexpr auto soon = 6s;

cf::ApiClient client_of_hanging_host(const std::function<void(cf::ClientOptions&)>& change = nullptr) {
  cf::ClientOptions options = fast("http://"s + support::hanging_host + "/client/v4");
  options.allow_plain_http = true;
  if (change) change(options);
  return cf::ApiClient(cf::ApiToken(token), options);
}

}  // namespace

TEST_CASE("the deadline of a call holds while a name resolves") {
  const Hang hang;
  const auto client = client_of_hanging_host([](cf::ClientOptions& o) { o.timeout = 500ms; });
  const auto begin = std::chrono::steady_clock::now();
  const auto error = error_of([&] { client.kv("ns").put("k", "v"); });
  CHECK(error.kind() == cf::ErrorKind::timeout);
  CHECK(since(begin) < soon);
}

TEST_CASE("the connect timeout holds while a name resolves, and what was not sent is not in doubt") {
  const Hang hang;
  const auto client = client_of_hanging_host([](cf::ClientOptions& o) { o.connect_timeout = 200ms; });
  const auto begin = std::chrono::steady_clock::now();
  const auto error = error_of([&] { client.kv("ns").put("k", "v"); });
  CHECK(error.kind() == cf::ErrorKind::timeout);
  CHECK(error.attempts() == 3);
  CHECK_FALSE(error.outcome_unknown());
  CHECK(since(begin) < soon);
}

TEST_CASE("a stop token ends a call while a name resolves") {
  const Hang hang;
  std::stop_source stop;
  const std::jthread stopper([&] {
    hang.wait_for(1);
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto error =
      error_of([&] { client_of_hanging_host().with({.stop = stop.get_token()}).kv("ns").put("k", "v"); });
  CHECK(error.kind() == cf::ErrorKind::cancelled);
  CHECK(since(begin) < soon);
}

TEST_CASE("a name that does not resolve holds up no other request, neither before nor after it is given up") {
  const Hang hang;
  FaultServer server;
  server.on_request([](const Recorded& r) { return reply(200, r.target); });
  const auto begin = std::chrono::steady_clock::now();
  {
    const auto channel = cf::make_curl_transport()->open(*cf::Clock::system());
    const auto start = [&](unsigned ticket, const std::string& url) {
      channel->start(ticket, std::make_shared<const cf::HttpRequest>(cf::HttpRequest{.method = "GET", .url = url}), {});
    };
    const auto next = [&] { return channel->wait(cf::TimePoint::max()); };
    start(1, "http://"s + support::hanging_host + "/");
    start(2, "http://"s + support::hanging_host + "/");
    start(3, server.origin() + "/three");
    CHECK(next()->ticket == 3);
    channel->abandon(1);
    start(4, server.origin() + "/four");
    CHECK(next()->ticket == 4);
    CHECK(since(begin) < soon);
  }
  CHECK(since(begin) < soon);  // nor does the end of the channel wait
}

TEST_CASE("a client closes at once while a name resolves, and its operations end with `cancelled`") {
  const Hang hang;
  const auto begin = std::chrono::steady_clock::now();
  std::promise<std::optional<cf::Error>> ended;
  {
    const auto client = client_of_hanging_host();
    client.kv("ns").async().get("k").start([&](const cf::Result<std::optional<std::string>>& result) {
      ended.set_value(result ? std::nullopt : std::optional<cf::Error>(result.error()));
    });
    hang.wait_for(1);
  }
  const auto error = ended.get_future().get();
  REQUIRE(error);
  CHECK(error->kind() == cf::ErrorKind::cancelled);
  CHECK(since(begin) < soon);
}
