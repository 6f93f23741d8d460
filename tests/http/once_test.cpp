// Requests that must not be made twice.

#include <curl/curl.h>

#include <thread>

#include <cloudflare/clock.hpp>

#include "http/operations.hpp"
#include "support/catch.hpp"

using namespace http_test;

namespace {

std::size_t count(const FaultServer& server, std::string_view method) {
  const auto seen = server.requests();
  return static_cast<std::size_t>(
      std::count_if(seen.begin(), seen.end(), [&](const Recorded& r) { return r.method == method; }));
}

/// Answers the first `healthy` requests of each connection, then does `then` to the next one.
void dies_after(FaultServer& server, unsigned healthy, Answer then, std::string result = R"({"id":"n1","title":"t"})") {
  server.on_request([=](const Recorded& r) { return r.nth <= healthy ? success(result) : then; });
}

const Answer dropped{.stop_at = 0};

}  // namespace

TEST_CASE("a request of the class once is sent once when its outcome is unknown") {
  for (const Answer& fault : {dropped, Answer{.stop_at = 0, .stop = Stop::reset}, reply(502, html, "text/html"),
                              failure(500, 7500, "internal"), Answer{.stop_at = 0, .stop = Stop::stall}}) {
    FaultServer server;
    server.on_request([=](const Recorded&) { return fault; });
    const auto client = client_of(server, [](cf::ClientOptions& o) { o.stall_timeout = 800ms; });
    const auto error = error_of([&] {
      client.request("POST", "/accounts/acc/d1/database/db/query", {{"sql", "INSERT INTO t VALUES (1)"}});
    });
    CHECK(error.outcome_unknown());
    CHECK(error.attempts() == 1);
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("a request of the class once is sent once over a reused connection that dies after the server executed it") {
  for (const Stop stop : {Stop::close, Stop::reset}) {
    FaultServer server;
    dies_after(server, 1, {.stop_at = 0, .stop = stop});
    const cf::ApiClient client = client_of(server);
    CHECK(client.kv_namespaces().create("first").id == "n1");
    const auto error = error_of([&] { client.kv_namespaces().create("second"); });
    CHECK(error.kind() == cf::ErrorKind::transport);
    CHECK(error.outcome_unknown());

    const auto seen = server.requests();
    REQUIRE(seen.size() == 2);  // libcurl would send the second once more, over a new connection
    CHECK(seen[1].connection == seen[0].connection);
    CHECK(seen[1].complete);
  }
}

TEST_CASE("the transport itself never repeats a request that is not resendable, with or without a body") {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    for (const char* body : {"", "some bytes"}) {
      INFO(method << " of " << (*body == '\0' ? "nothing" : body));
      FaultServer server;
      server.script({success("1"), success("2"), dropped, success("4")});
      const auto channel = cf::make_curl_transport()->open(*cf::Clock::system());
      unsigned ticket = 0;
      const auto send = [&](std::string text) {
        auto request = std::make_shared<cf::HttpRequest>();
        request->method = method;
        request->url = server.url() + "/x";
        request->body = std::move(text);
        request->resendable = false;
        channel->start(++ticket, request, {});
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (std::chrono::steady_clock::now() < until)
          if (auto done = channel->wait(until)) return std::move(done->reply).value().status;
        throw std::runtime_error("no completion");
      };
      CHECK(send("warm") == 200);
      CHECK(send("warm") == 200);
      const auto error = error_of([&] { send(body); });
      CHECK(error.details().delivery == cf::Delivery::unknown);
      CHECK(server.requests().size() == 3);
      CHECK(send("after") == 200);
    }
  }
}

TEST_CASE("a read over a reused connection that dies is made again and succeeds") {
  FaultServer server;
  server.on_request([](const Recorded& r) { return r.connection == 1 && r.nth == 2 ? dropped : reply(200, "value"); });
  const cf::KvNamespace kv = client_of(server).kv("ns");
  CHECK(kv.get("a") == "value");
  CHECK(kv.get("b") == "value");
  CHECK(count(server, "GET") == 3);
}

TEST_CASE("a request of the class once succeeds when the server has closed the idle connection before") {
  FaultServer server;
  Answer answer = success(R"({"id":"n1","title":"t"})");
  answer.close_after = true;
  server.on_request([=](const Recorded&) { return answer; });
  const cf::ApiClient client = client_of(server);
  // Since 8.22 libcurl looks at most once a second whether a kept connection still stands.
  const bool looks_seldom = curl_version_info(CURLVERSION_NOW)->version_num >= 0x081600;
  const unsigned times = looks_seldom ? 2 : 5;
  for (unsigned i = 0; i < times; ++i) {
    if (i > 0 && looks_seldom) std::this_thread::sleep_for(1100ms);
    CHECK(client.kv_namespaces().create("t").id == "n1");
    REQUIRE(server.wait_for_silence());
  }
  CHECK(server.requests().size() == times);
  CHECK(server.connections() == times);
}

TEST_CASE("replay_safe lets a request of the class once be repeated") {
  FaultServer server;
  server.script({dropped, success(R"({"ok":1})")});
  const auto result = client_of(server).with({.replay_safe = true}).request("POST", "/x", {{"sql", "SELECT 1"}});
  CHECK(result == nlohmann::json{{"ok", 1}});
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a request of the class once is repeated after 429, which means that it was not executed") {
  FaultServer server;
  server.script({failure(429, 971, "please wait"), success(R"({"id":"n1","title":"t"})")});
  CHECK(client_of(server).kv_namespaces().create("t").id == "n1");
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a body from a callback that cannot be rewound is never read twice") {
  for (const Answer& fault : {dropped, failure(503, 10001, "later"), failure(429, 971, "wait")}) {
    FaultServer server;
    server.on_request([=](const Recorded&) { return fault; });
    std::size_t reads = 0;
    const auto body =
        cf::Body::callback([&](std::span<char> to) { return ++reads == 1 ? to[0] = 'x', std::size_t{1} : 0; });
    (void)error_of([&] { client_of(server).kv("ns").put("k", body); });
    CHECK(server.requests().size() == 1);
    CHECK(reads == 2);
  }
}

TEST_CASE("a body from a callback with a rewind is sent whole each time") {
  FaultServer server;
  server.script({dropped, failure(503, 10001, "later"), success("null")});
  std::size_t left = 5000, rewinds = 0;
  const auto body = cf::Body::callback(
      [&](std::span<char> to) {
        const std::size_t n = std::min(left, to.size());
        std::fill_n(to.begin(), n, 'x');
        left -= n;
        return n;
      },
      [&] { left = 5000, ++rewinds; }, 5000);
  client_of(server).kv("ns").put("k", body);
  CHECK(rewinds == 2);
  for (const Recorded& r : server.requests()) CHECK(r.body == std::string(5000, 'x'));
}

TEST_CASE("an answer before the upload has ended is taken as the answer, and the connection is not used again") {
  FaultServer server;
  server.on_head([](const Recorded& r) -> std::optional<Answer> {
    if (r.method != "PUT") return std::nullopt;
    Answer early = failure(413, 10001, "too large");
    early.drain = true;
    return early;
  });
  server.on_request([](const Recorded&) { return reply(200, "value"); });
  const cf::KvNamespace kv = client_of(server).kv("ns");
  const auto error = error_of([&] { kv.put("k", std::string(20 << 20, 'x')); });
  CHECK(error.http_status() == 413);
  CHECK(error.ray_id() == ray);
  CHECK_FALSE(error.outcome_unknown());
  CHECK(kv.get("k") == "value");
}

TEST_CASE("a server that answers early and resets the connection gives a typed error, and the next call works") {
  FaultServer server;
  server.on_head([](const Recorded& r) -> std::optional<Answer> {
    if (r.method != "PUT") return std::nullopt;
    return failure(413, 10001, "too large");  // and closes with the upload unread, which resets the connection
  });
  server.on_request([](const Recorded&) { return reply(200, "value"); });
  const cf::KvNamespace kv = client_of(server).kv("ns");
  // Timing decides whether the answer is read before the reset arrives.
  const auto error = error_of([&] { kv.put("k", std::string(20 << 20, 'x')); });
  CHECK((error.http_status() == 413 || (error.kind() == cf::ErrorKind::transport && error.outcome_unknown())));
  CHECK(kv.get("k") == "value");
}
