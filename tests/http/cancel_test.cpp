// A stop token ends a call within 100 ms, whatever it is doing.

#include <future>
#include <stop_token>
#include <thread>

#include "http/operations.hpp"
#include "support/catch.hpp"

using namespace http_test;

namespace {

struct Cancelled {
  cf::Error error;
  std::chrono::milliseconds late;  ///< from request_stop() to the end of the call
};

/// Runs `call`, triggers the stop token once `ready` returns, and measures how long the call goes on.
Cancelled cancel(const std::function<void(std::stop_token)>& call, const std::function<void()>& ready) {
  std::stop_source source;
  std::chrono::steady_clock::time_point stopped;
  std::thread stopper([&] {
    ready();
    stopped = std::chrono::steady_clock::now();
    source.request_stop();
  });
  std::optional<cf::Error> error;
  std::chrono::steady_clock::time_point ended;
  try {
    call(source.get_token());
  } catch (const cf::Error& e) {
    error = e;
  }
  ended = std::chrono::steady_clock::now();
  stopper.join();
  if (!error) throw std::runtime_error("the call succeeded where it should have been cancelled");
  return {*error, std::chrono::duration_cast<std::chrono::milliseconds>(ended - stopped)};
}

void check(const Cancelled& cancelled) {
  CHECK(cancelled.error.kind() == cf::ErrorKind::cancelled);
  CHECK(cancelled.late <= 100ms);
}

}  // namespace

TEST_CASE("cancelling wakes a sleeping backoff within 100 ms") {
  FaultServer server;
  server.on_request([](const Recorded&) { return with_header(failure(429, 971, "wait"), "Retry-After", "15"); });
  const auto client = client_of(server);
  check(cancel([&](std::stop_token stop) { (void)client.with({.stop = stop}).kv("ns").get("k"); },
               [&] {
                 server.wait_for_requests(1);
                 std::this_thread::sleep_for(50ms);  // towards the pause; right at any moment
               }));
  CHECK(server.requests().size() == 1);
}

TEST_CASE(
    "cancelling ends a call that waits for its reply, a stalled and a dripping body, and an upload, within 100 ms") {
  for (const OperationClass& operation : operation_classes()) {
    for (const bool drips : {false, true}) {
      FaultServer server;
      Answer answer = operation.good;
      answer.framing = Framing::chunked;
      if (drips) {
        answer.drip = 5ms;
        answer.endless = true;
      } else {
        answer.stop_at = 40;
        answer.stop = Stop::stall;
      }
      server.on_request([=](const Recorded&) { return answer; });
      const auto client = client_of(server);
      INFO(operation.name << (drips ? ", dripping" : ", stalled"));
      const auto cancelled = cancel([&](std::stop_token stop) { operation.run(client.with({.stop = stop})); },
                                    [&] { server.wait_for_requests(1); });
      check(cancelled);
      const bool writes = operation.name.find("write") != std::string::npos || operation.name.find("upload") == 0 ||
                          operation.name == "once";
      CHECK(cancelled.error.outcome_unknown() == writes);
    }
  }
}

TEST_CASE("cancelling ends an upload that the server does not take within 100 ms") {
  std::promise<void> begun;
  FaultServer server;
  server.on_head([&](const Recorded&) -> std::optional<Answer> {
    begun.set_value();
    return Answer{.stop_at = 0, .stop = Stop::stall};
  });
  const auto client = client_of(server);
  check(cancel([&](std::stop_token stop) { client.with({.stop = stop}).kv("ns").put("k", std::string(25 << 20, 'x')); },
               [&] { begun.get_future().wait(); }));
}

TEST_CASE("a stop token that was triggered before the call lets no request out") {
  FaultServer server;
  std::stop_source source;
  source.request_stop();
  const auto error = error_of([&] { client_of(server).with({.stop = source.get_token()}).kv("ns").put("k", "v"); });
  CHECK(error.kind() == cf::ErrorKind::cancelled);
  CHECK_FALSE(error.outcome_unknown());
  CHECK(server.connections() == 0);
}

TEST_CASE("cancelling one call leaves others of the same client alone") {
  FaultServer server;
  server.on_request([](const Recorded& r) {
    return r.target.ends_with("/slow") ? Answer{.stop_at = 0, .stop = Stop::stall} : reply(200, "value");
  });
  const auto client = client_of(server);
  check(cancel([&](std::stop_token stop) { (void)client.with({.stop = stop}).kv("ns").get("slow"); },
               [&] {
                 server.wait_for_requests(1);
                 for (int i = 0; i < 20; ++i) CHECK(client.kv("ns").get("fast") == "value");
               }));
  CHECK(client.kv("ns").get("fast") == "value");
}
