// Bulk writes through a transport that spoils 30 % of the requests: the report must be true of every item.

#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include "bulk/faults.hpp"

using namespace bulk_tests;

TEST_CASE("with 30 % of requests spoiled, every pair reported as written is there and every failed one is not") {
  constexpr std::uint64_t count = 20'000;
  std::map<FaultyTransport::Fault, std::uint64_t> shown;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    const cf::local::Cloudflare cloud;
    const auto clean = cloud.client();
    const std::string id = clean.kv_namespaces().create("faults").id;
    const auto faulty = std::make_shared<FaultyTransport>(cloud.transport(), seed, 0.3);
    cf::ClientOptions options{.account_id = cloud.account_id(), .transport = faulty};
    options.clock = std::make_shared<cf::testing::FakeClock>();  // pauses take no time
    const auto kv = cf::ApiClient(cf::ApiToken("token"), options).kv(id);
    write_and_erase(kv, *faulty, clean.kv(id), count, 30'000);
    for (const auto& [fault, times] : faulty->shown()) shown[fault] += times;
  }
  CHECK(shown.size() == 7);
}
