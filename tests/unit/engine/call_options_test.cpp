// Call options: with() adds them from handle to handle.

#include <cloudflare/d1.hpp>

#include "core_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;

TEST_CASE("with() adds: options given later win one by one, the others stay, from the client into its handles") {
  std::stop_source stop;
  stop.request_stop();
  const Scripted s;
  const auto kv = s.client().with({.stop = stop.get_token()}).kv("ns").with({.timeout = 10s});
  CHECK(error_of([&] { (void)kv.get("k"); }).kind() == ErrorKind::cancelled);
  CHECK(error_of([&] { (void)kv.with({.max_attempts = 1}).with({.check_limits = false}).get("k"); }).kind() ==
        ErrorKind::cancelled);
  std::stop_source other;
  Scripted answered({{.body = "v"}});
  CHECK(answered.client().with({.stop = stop.get_token()}).kv("ns").with({.stop = other.get_token()}).get("k") == "v");
  CHECK(s.count() == 0);
}

TEST_CASE("with() keeps earlier max_attempts, check_limits and timeout unless they are set again") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return cut(); });
  const auto twice = s.client().with({.max_attempts = 2, .check_limits = false});
  const auto kv = twice.with({.timeout = 1h}).kv("ns");
  CHECK(error_of([&] { (void)kv.get("k"); }).attempts() == 2);
  CHECK(error_of([&] { (void)kv.with({.max_attempts = 3}).get("k"); }).attempts() == 3);
  CHECK(error_of([&] { (void)kv.get(std::string(600, 'k')); }).attempts() == 2);
  CHECK(error_of([&] { (void)kv.with({.check_limits = true}).get(std::string(600, 'k')); }).kind() ==
        ErrorKind::invalid_argument);
}

TEST_CASE("with() keeps replay_safe, and a later false takes it back") {
  const auto attempts = [](auto make) {
    Scripted s;
    s.fake->answer_with([](const auto&) { return cut(); });
    return error_of([&] { make(s.client().with({.replay_safe = true})).request("POST", "/x"); }).attempts();
  };
  CHECK(attempts([](const auto& client) { return client.with({.timeout = 1h}); }) == 4);
  CHECK(attempts([](const auto& client) { return client.with({.replay_safe = false}); }) == 1);
}
