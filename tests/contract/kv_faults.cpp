// Bulk jobs whose requests to Cloudflare's engine are spoiled on their way: what is reported is true of every pair.

#include <cloudflare/testing/fake_clock.hpp>

#include "bulk/bulk_support.hpp"
#include "bulk/faulty_transport.hpp"
#include "contract/counterpart.hpp"

using namespace bulk_tests;
using contract::Real;

CONTRACT_CASE("10 000 pairs with 30 % of requests spoiled, two seeds: written, read, compared and erased", "[kv][bulk]",
              Real) {
  constexpr std::uint64_t count = 10'000;
  for (const unsigned seed : {1U, 2U}) {
    CAPTURE(seed);
    const auto clean = cloud.fresh_namespace();
    const auto faulty = std::make_shared<FaultyTransport>(cf::make_curl_transport(), seed, 0.3);
    cf::ClientOptions options{.transport = faulty};
    options.clock = std::make_shared<cf::testing::FakeClock>();  // pauses take no time
    const auto kv = cloud.client(options).kv(clean->id());

    Outcomes written(count);
    const auto put = kv.put_many(
        pairs(count), {.max_request_bytes = 60'000, .on_outcome = [&](const cf::ItemOutcome& o) { written(o); }});
    CHECK(put.items == count);
    CHECK(put.requests == faulty->requests());
    CHECK(written.once_each());
    CHECK(written.count(cf::Outcome::done) == put.succeeded);
    CHECK(put.succeeded > count * 9 / 10);
    CHECK(contradictions(*clean, written, count) == 0);

    Outcomes erased(count);
    const auto gone = kv.erase_many(
        keys(count), {.max_request_bytes = 6'000, .on_outcome = [&](const cf::ItemOutcome& o) { erased(o); }});
    CHECK(erased.once_each());
    CHECK(gone.succeeded > count * 9 / 10);
    std::uint64_t left = 0;
    for (const cf::kv::Key& key : clean->list()) {
      ++left;
      CHECK(erased.of(std::stoull(key.name.substr(4))) != cf::Outcome::done);
    }
    CHECK(left <= gone.not_done);
    CHECK(faulty->shown().size() == 7);
  }
}
