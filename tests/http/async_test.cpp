// Asynchronous operations over the real transport: one curl_multi, few connections, many operations.

#include <cloudflare/async.hpp>

#include <atomic>
#include <latch>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "http/http_test.hpp"
#include "support/catch.hpp"

using namespace http_test;
using Value = std::optional<std::string>;

namespace {

std::string last_part(const std::string& target) { return target.substr(target.rfind('/') + 1); }

/// A reply without end; the server notices when its connection is closed.
Answer dripping() {
  return {.body = "drop", .framing = Framing::chunked, .drip = std::chrono::milliseconds(5), .endless = true};
}

}  // namespace

TEST_CASE("two thousand reads in flight from four threads share the connections, and each gets its own reply") {
  constexpr int threads = 4, each = 500;
  FaultServer server;
  server.keep_bodies(false);
  server.on_request([](const Recorded& r) { return reply(200, "value of " + last_part(r.target)); });
  const auto kv = client_of(server).kv("ns");
  std::atomic<int> right{0};
  std::latch done(threads * each);
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t)
      workers.emplace_back([&, t, async = kv.async()] {
        for (int i = 0; i < each; ++i) {
          const std::string key = std::to_string(t * each + i);
          async.get(key).start([&right, &done, key](const cf::Result<Value>& value) {
            if (value && *value == "value of " + key) ++right;
            done.count_down();
          });
        }
      });
  }
  done.wait();
  CHECK(right == threads * each);
  CHECK(server.connections() <= 64);
  CHECK(server.requests().size() == threads * each);
}

TEST_CASE("a read whose connection is lost is repeated on the I/O thread; other reads go on meanwhile") {
  FaultServer server;
  std::atomic<int> asked{0};
  server.on_request([&](const Recorded& r) {
    if (last_part(r.target) == "flaky" && ++asked < 3) return Answer{.stop_at = 0};
    return reply(200, "v");
  });
  const auto kv = client_of(server).kv("ns").async();
  auto flaky = kv.get("flaky").as_future();
  for (int i = 0; i < 10; ++i) CHECK(kv.get("steady").as_future().get() == "v");
  CHECK(flaky.get() == "v");
  CHECK(asked == 3);
}

TEST_CASE("a stop token ends its own request and closes that connection; other requests go on") {
  FaultServer server;
  server.on_request([](const Recorded& r) { return last_part(r.target) == "slow" ? dripping() : reply(200, "v"); });
  const auto kv = client_of(server).kv("ns");
  std::stop_source stop;
  auto slow = kv.with({.stop = stop.get_token()}).async().get("slow").as_future();
  auto write = kv.async().put("slow", "v").stop_on(stop.get_token()).as_future();
  CHECK(server.wait_for_requests(2));
  stop.request_stop();
  CHECK(error_of([&] { (void)slow.get(); }).kind() == cf::ErrorKind::cancelled);
  CHECK(error_of([&] { write.get(); }).outcome_unknown());
  CHECK(server.wait_for_silence());  // no connection was open but theirs
  CHECK(kv.async().get("quick").as_future().get() == "v");
}

TEST_CASE("the end of the client closes every connection and completes what is under way or waits for a connection") {
  FaultServer server;
  server.on_request([](const Recorded&) { return dripping(); });
  std::atomic<int> cancelled{0};
  {
    const auto kv = client_of(server).kv("ns").async();
    for (int i = 0; i < 100; ++i)
      kv.get("k").start([&](const cf::Result<Value>& value) {
        if (!value && value.error().kind() == cf::ErrorKind::cancelled) ++cancelled;
      });
    CHECK(server.wait_for_requests(64));
  }
  CHECK(cancelled == 100);
  CHECK(server.connections() == 64);
  CHECK(server.wait_for_silence());
}

TEST_CASE("blocking calls and asynchronous ones of the same client run side by side") {
  FaultServer server;
  server.on_request([](const Recorded& r) { return reply(200, last_part(r.target)); });
  const auto kv = client_of(server).kv("ns");
  std::atomic<int> right{0};
  std::latch done(200);
  std::vector<std::jthread> workers;
  for (int t = 0; t < 4; ++t)
    workers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        kv.async().get("a").start([&](const cf::Result<Value>& value) {
          if (value && *value == "a") ++right;
          done.count_down();
        });
        if (kv.get("b") == "b") ++right;
      }
    });
  workers.clear();
  done.wait();
  CHECK(right == 400);
}
