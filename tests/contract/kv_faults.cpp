// Bulk jobs whose requests to Cloudflare's engine are spoiled on their way: the report must be true of every pair.

#include <cloudflare/testing/fake_clock.hpp>

#include "bulk/faults.hpp"
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
    write_and_erase(kv, *faulty, *clean, count, 60'000);
    CHECK(faulty->shown().size() == 7);
  }
}
