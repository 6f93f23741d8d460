// Bulk writes through a transport that spoils 30 % of the requests: what is reported is true of every item.

#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include "bulk/bulk_support.hpp"
#include "bulk/faulty_transport.hpp"

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

    Outcomes written(count);
    const auto put = kv.put_many(
        pairs(count), {.max_request_bytes = 30'000, .on_outcome = [&](const cf::ItemOutcome& o) { written(o); }});
    CHECK(put.items == count);
    CHECK(put.requests == faulty->requests());
    CHECK(written.once_each());
    CHECK(written.count(cf::Outcome::done) == put.succeeded);
    CHECK(put.succeeded > count * 9 / 10);
    CHECK(contradictions(clean.kv(id), written, count) == 0);

    Outcomes erased(count);
    const auto gone = kv.erase_many(
        keys(count), {.max_request_bytes = 3'000, .on_outcome = [&](const cf::ItemOutcome& o) { erased(o); }});
    CHECK(erased.once_each());
    CHECK(gone.succeeded > count * 9 / 10);
    std::uint64_t left = 0;
    for (const cf::kv::Key& key : clean.kv(id).list()) {
      const auto index = std::stoull(key.name.substr(4));
      left += 1;
      CHECK(erased.of(index) != cf::Outcome::done);
    }
    CHECK(left <= gone.not_done);
    for (const auto& [fault, times] : faulty->shown()) shown[fault] += times;
  }
  CHECK(shown.size() == 7);
}
