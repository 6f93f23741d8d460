// The limits of time that Cloudflare sets, kept by the embedded store on a clock that jumps.

#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include "bulk/bulk_support.hpp"

using namespace bulk_tests;
using namespace std::chrono_literals;

namespace {

/// A store that refuses what is too much, and clients of it that keep a budget.
struct StrictStore {
  std::shared_ptr<cf::testing::FakeClock> clock = std::make_shared<cf::testing::FakeClock>();
  cf::local::Cloudflare cloud{{.clock = clock, .rate_limits = true}};
  std::string id = client().kv_namespaces().create("limits").id;

  [[nodiscard]] cf::ApiClient client(bool budget = false) const {
    cf::ClientOptions options{.account_id = cloud.account_id(), .rate_budget = budget};
    options.transport = cloud.transport();
    options.clock = clock;
    return cf::ApiClient(cf::ApiToken("limits"), options);
  }
};

}  // namespace

TEST_CASE("two quick writes to one key respect one write per second, or report the 429") {
  const StrictStore store;
  const auto kv = store.client().kv(store.id);
  kv.put("k", "1");
  const auto begin = store.clock->now();
  kv.put("k", "2");
  CHECK(store.clock->now() - begin >= 1s);
  CHECK(kv.get("k") == "2");

  const auto refused = kv.with({.max_attempts = 1}).checked().put("k", "3");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind() == cf::ErrorKind::rate_limited);
  CHECK(refused.error().retry_after() == 1s);
  CHECK(kv.get("k") == "2");
}

TEST_CASE("a key twice in a job, in two requests: the second waits until it may be written") {
  const StrictStore store;
  const auto kv = store.client().kv(store.id);
  const auto begin = store.clock->now();
  const std::vector<std::pair<std::string, std::string>> twice = {{"k", "1"}, {"k", "2"}};
  const auto done = kv.put_many(twice, {.in_flight = 1, .max_request_bytes = 30});
  CHECK(done.complete());
  CHECK(done.requests == 3);
  CHECK(store.clock->now() - begin == 1s);
  CHECK(kv.get("k") == "2");
}

TEST_CASE(
    "1200 requests in five minutes are a budget for the whole account: clients and jobs share it, without a 429") {
  const StrictStore store;
  const auto single = store.client(true).kv(store.id);
  const auto begin = store.clock->now();
  for (int i = 0; i < 600; ++i) CHECK_FALSE(single.get("none"));
  CHECK(store.clock->now() == begin);
  const auto done = store.client(true).kv(store.id).erase_many(keys(700), {.max_request_bytes = 16});
  CHECK(done.complete());
  CHECK(done.requests == 700);  // one refused would have been sent again
  CHECK(store.clock->now() - begin == 302s);
}
