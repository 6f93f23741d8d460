// Requests that no connection can carry yet wait in the channel, and libcurl does not know of them.

#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <stop_token>
#include <vector>

#include <cloudflare/async.hpp>
#include <cloudflare/clock.hpp>

#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/nginx.hpp"

using namespace http_test;
using support::Nginx;

namespace {

// Transfers that libcurl holds, and the most it has held.
std::atomic<int> held{0};
std::atomic<int> most_held{0};

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::shared_ptr<cf::Transport> over(long connections, const std::string& ca_file = "") {
  return cf::make_curl_transport({.ca_file = ca_file, .max_connections = connections});
}

cf::ApiClient client_over(const std::string& url, const std::shared_ptr<cf::Transport>& transport,
                          const std::function<void(cf::ClientOptions&)>& change = nullptr) {
  cf::ClientOptions options = fast(url);
  options.transport = transport;
  if (change) change(options);
  return cf::ApiClient(cf::ApiToken(token), options);
}

std::shared_ptr<const cf::HttpRequest> request(const std::string& origin, unsigned number) {
  return std::make_shared<cf::HttpRequest>(
      cf::HttpRequest{.method = "GET", .url = origin + "/" + std::to_string(number)});
}

/// Sends `count` requests, at most `at_once` of them in the channel, and returns the tickets in the order of replies.
std::vector<unsigned> run(cf::Channel& channel, const std::string& origin, unsigned count, unsigned at_once,
                          const cf::TransferLimits& limits = cf::TransferLimits()) {
  std::vector<unsigned> replied;
  for (unsigned sent = 0; replied.size() < count;) {
    while (sent < count && sent - replied.size() < at_once) {
      ++sent;
      channel.start(sent, request(origin, sent), limits);
    }
    const auto done = channel.wait(cf::TimePoint::max());
    if (!done) continue;
    const auto& reply = done->reply.value();
    if (reply.status != 200 || reply.body != "/" + std::to_string(done->ticket))
      throw std::runtime_error("a wrong reply");
    replied.push_back(done->ticket);
  }
  return replied;
}

Answer echo(const Recorded& r) { return reply(200, r.target); }

struct Sizeless final : cf::Source {
  std::size_t read(std::span<char>) override { return 0; }
  bool rewind() override { return true; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { throw std::runtime_error("no size"); }
};

}  // namespace

// libcurl's library is bound later than these definitions, which count and pass on.
extern "C" CURLMcode curl_multi_add_handle(CURLM* multi, CURL* easy) {
  const int now = ++held;
  for (int most = most_held; most < now && !most_held.compare_exchange_weak(most, now);) {
  }
  static const auto add = real<CURLMcode(CURLM*, CURL*)>("curl_multi_add_handle");
  return add(multi, easy);
}
extern "C" CURLMcode curl_multi_remove_handle(CURLM* multi, CURL* easy) {
  --held;
  static const auto remove = real<CURLMcode(CURLM*, CURL*)>("curl_multi_remove_handle");
  return remove(multi, easy);
}

TEST_CASE("two thousand requests over 8 connections take about as long as batches of 8, and libcurl holds 8 of them") {
  FaultServer server;
  server.on_request(echo);
  const auto clock = cf::Clock::system();
  const auto timed = [&](unsigned at_once) {
    const auto channel = over(8)->open(*clock);
    most_held = 0;
    const auto start = std::chrono::steady_clock::now();
    CHECK(run(*channel, server.origin(), 2000, at_once).size() == 2000);
    CHECK(most_held == 8);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  };
  const double batches = timed(8), queued = timed(2000);
  std::cout << "2000 requests over 8 connections: " << queued << " ms queued, " << batches
            << " ms in batches of 8, ratio " << queued / batches << '\n';
  CHECK(queued < 5 * batches);  // libcurl 8.14 took fifteen times as long for 500
  CHECK(server.connections() <= 16);
}

TEST_CASE("queued requests leave in the order of their calls") {
  FaultServer server;
  server.on_request(echo);
  const auto clock = cf::Clock::system();
  const auto channel = over(1)->open(*clock);
  const auto replied = run(*channel, server.origin(), 50, 50);
  CHECK(std::is_sorted(replied.begin(), replied.end()));
  CHECK(server.connections() == 1);
}

TEST_CASE("the connect timeout does not run while a request is queued") {
  FaultServer server;
  server.on_request([](const Recorded& r) {
    Answer answer = echo(r);
    answer.stop_at = 20;
    answer.stop = Stop::stall;
    answer.stall_for = 40ms;
    return answer;
  });
  const auto clock = cf::Clock::system();
  const auto channel = over(2)->open(*clock);
  CHECK(run(*channel, server.origin(), 20, 20, {.connect_timeout = 200ms}).size() == 20);
}

TEST_CASE("the facts of a transfer tell how long it waited in the queue") {
  FaultServer server;
  server.on_request([](const Recorded& r) {
    Answer answer = echo(r);
    answer.stop_at = 20;
    answer.stop = Stop::stall;
    answer.stall_for = 40ms;
    return answer;
  });
  const auto clock = cf::Clock::system();
  const auto channel = over(1)->open(*clock);
  for (unsigned ticket = 1; ticket <= 2; ++ticket) {
    auto measured = std::make_shared<cf::HttpRequest>(*request(server.origin(), ticket));
    measured->measured = true;
    channel->start(ticket, measured, cf::TransferLimits());
  }
  for (unsigned replies = 0; replies < 2;) {
    const auto done = channel->wait(cf::TimePoint::max());
    if (!done) continue;
    ++replies;
    REQUIRE(done->facts);
    if (done->ticket == 2) CHECK(done->facts->queued >= 40ms);  // the first held the only connection that long
  }
}

TEST_CASE("an abandoned request of the queue is never sent, and those behind it are") {
  FaultServer server;
  server.on_request(echo);
  const auto clock = cf::Clock::system();
  const auto channel = over(1)->open(*clock);
  for (unsigned i = 1; i <= 6; ++i) channel->start(i, request(server.origin(), i), cf::TransferLimits());
  channel->abandon(2);
  channel->abandon(5);
  channel->abandon(99);
  std::vector<unsigned> replied;
  while (replied.size() < 4)
    if (const auto done = channel->wait(cf::TimePoint::max())) replied.push_back(done->ticket);
  CHECK(replied == std::vector<unsigned>{1, 3, 4, 6});
  CHECK(server.requests().size() == 4);
  CHECK_FALSE(channel->wait(cf::TimePoint::min()));
}

TEST_CASE("abandoning a request that is under way makes room for the next of the queue") {
  FaultServer server;
  server.on_request(
      [](const Recorded& r) { return r.target == "/1" ? Answer{.stop_at = 0, .stop = Stop::stall} : echo(r); });
  const auto clock = cf::Clock::system();
  const auto channel = over(1)->open(*clock);
  channel->start(1, request(server.origin(), 1), cf::TransferLimits());
  channel->start(2, request(server.origin(), 2), cf::TransferLimits());
  CHECK_FALSE(channel->wait(std::chrono::steady_clock::now() + 20ms));
  channel->abandon(1);
  CHECK(channel->wait(cf::TimePoint::max()).value().ticket == 2);
}

TEST_CASE("a channel that ends with requests in its queue sends none of them") {
  FaultServer server;
  server.on_request([](const Recorded&) {
    return Answer{.body = "drop", .framing = Framing::chunked, .drip = 5ms, .endless = true};
  });
  const auto clock = cf::Clock::system();
  {
    const auto channel = over(1)->open(*clock);
    for (unsigned i = 1; i <= 3; ++i) channel->start(i, request(server.origin(), i), cf::TransferLimits());
    while (server.requests().empty()) CHECK_FALSE(channel->wait(std::chrono::steady_clock::now() + 5ms));
  }
  CHECK(server.wait_for_silence());
  CHECK(server.requests().size() == 1);
  CHECK(held == 0);
}

TEST_CASE("a source that throws when its request leaves the queue fails that request, and no other") {
  FaultServer server;
  server.on_request(echo);
  const auto clock = cf::Clock::system();
  const auto channel = over(1)->open(*clock);
  channel->start(1, request(server.origin(), 1), cf::TransferLimits());
  channel->start(2,
                 std::make_shared<cf::HttpRequest>(cf::HttpRequest{
                     .method = "PUT", .url = server.origin() + "/2", .body = cf::Body(std::make_shared<Sizeless>())}),
                 cf::TransferLimits());
  channel->start(3, request(server.origin(), 3), cf::TransferLimits());
  std::vector<cf::Completion> done;
  while (done.size() < 3)
    if (auto one = channel->wait(cf::TimePoint::max())) done.push_back(std::move(*one));
  std::sort(done.begin(), done.end(), [](const auto& a, const auto& b) { return a.ticket < b.ticket; });
  CHECK(done[0].reply);
  CHECK(done[2].reply);
  REQUIRE_FALSE(done[1].reply);
  CHECK(done[1].reply.error().kind() == cf::ErrorKind::callback);
  CHECK(done[1].reply.error().details().delivery == cf::Delivery::not_sent);
  CHECK(done[1].reply.error().cause());
}

TEST_CASE("a request whose source throws while there is a free connection has not been sent") {
  const auto channel = over(1)->open(*cf::Clock::system());
  channel->start(1,
                 std::make_shared<cf::HttpRequest>(cf::HttpRequest{
                     .method = "PUT", .url = "http://127.0.0.1:1/", .body = cf::Body(std::make_shared<Sizeless>())}),
                 cf::TransferLimits());
  CHECK_FALSE(channel->may_have_sent(1));
  const auto done = channel->wait(cf::TimePoint::max());
  REQUIRE(done);
  CHECK(done->ticket == 1);
  CHECK(done->reply.error().details().delivery == cf::Delivery::not_sent);
}

TEST_CASE("deadlines and stop tokens end operations in the queue, which are never sent") {
  FaultServer server;
  server.on_request([](const Recorded&) { return Answer{.stop_at = 0, .stop = Stop::stall}; });
  const auto client = client_over(server.url(), over(1));
  const auto kv = client.kv("ns").async();
  auto first = kv.get("first").as_future();
  CHECK(server.wait_for_requests(1));
  std::stop_source stop;
  auto stopped = kv.get("stopped").stop_on(stop.get_token()).as_future();
  auto late = client.with({.timeout = 30ms}).kv("ns").async().get("late").as_future();
  CHECK(error_of([&] { (void)late.get(); }).kind() == cf::ErrorKind::timeout);
  stop.request_stop();
  CHECK(error_of([&] { (void)stopped.get(); }).kind() == cf::ErrorKind::cancelled);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a write that ends in the queue was certainly not executed; one that was sent may have been") {
  FaultServer server;
  server.on_request([](const Recorded&) { return Answer{.stop_at = 0, .stop = Stop::stall}; });
  const auto client = client_over(server.url(), over(1));
  const cf::D1Database db = client.d1("11111111-2222-3333-4444-555555555555");
  auto sent = db.with({.timeout = 300ms}).async().execute("INSERT INTO t VALUES (1)").as_future();
  CHECK(server.wait_for_requests(1));
  auto queued = db.with({.timeout = 30ms}).async().execute("INSERT INTO t VALUES (2)").as_future();
  const cf::Error never = error_of([&] { (void)queued.get(); });
  CHECK(never.kind() == cf::ErrorKind::timeout);
  CHECK_FALSE(never.outcome_unknown());
  CHECK(never.details().delivery == cf::Delivery::not_sent);
  const cf::Error maybe = error_of([&] { (void)sent.get(); });
  CHECK(maybe.kind() == cf::ErrorKind::timeout);
  CHECK(maybe.outcome_unknown());
  CHECK(maybe.details().delivery == cf::Delivery::unknown);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("HTTP/2 carries more requests than connections at once, known before the first reply") {
  FaultServer upstream;
  upstream.on_request([](const Recorded& r) {
    Answer answer = echo(r);
    answer.hold_for = 40;  // no reply before all are there
    return answer;
  });
  Nginx nginx({.upstream = upstream.origin()});
  const auto clock = cf::Clock::system();
  const auto channel = over(2, nginx.ca_file())->open(*clock);
  const std::string origin = nginx.url().substr(0, nginx.url().find("/client"));
  CHECK(run(*channel, origin, 40, 40).size() == 40);
  CHECK(nginx.stop().size() == 40);
}

TEST_CASE("over one connection HTTP/2 is known by the first reply, and 100 requests for each connection are the most") {
  FaultServer upstream;
  upstream.on_request([](const Recorded& r) {
    Answer answer = echo(r);
    answer.hold_for = r.target == "/1" ? 1 : 40;
    return answer;
  });
  Nginx nginx({.upstream = upstream.origin()});
  const auto clock = cf::Clock::system();
  const auto channel = over(1, nginx.ca_file())->open(*clock);
  const std::string origin = nginx.url().substr(0, nginx.url().find("/client"));
  most_held = 0;
  CHECK(run(*channel, origin, 300, 300).size() == 300);
  CHECK(most_held == 100);
}

TEST_CASE("over TLS with HTTP/1.1 alone libcurl holds no more requests than connections") {
  FaultServer upstream;
  upstream.on_request(echo);
  Nginx nginx({.upstream = upstream.origin(), .http2 = false});
  const auto clock = cf::Clock::system();
  const auto channel = over(4, nginx.ca_file())->open(*clock);
  const std::string origin = nginx.url().substr(0, nginx.url().find("/client"));
  most_held = 0;
  CHECK(run(*channel, origin, 200, 200).size() == 200);
  CHECK(most_held == 4);
}
