// A million pairs on the embedded store in a folder.

#include <unistd.h>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <thread>

#include "bulk/bulk_support.hpp"
#include "bulk/faulty_transport.hpp"

using namespace bulk_tests;

namespace {

constexpr std::uint64_t million = 1'000'000;

/// A folder of its own, gone with the object.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_((std::filesystem::temp_directory_path() /
               ("cloudflare-cpp-bulk-" + name + "-" + std::to_string(::getpid())))
                  .string()) {}
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What a run with faults came to; checked on the test's own thread.
struct FaultyRun {
  cf::BulkResult put{};
  std::uint64_t requests = 0;
  bool once_each = false;
  std::uint64_t contradictions = 0;
};

FaultyRun run_with_faults(unsigned seed) {
  const Folder folder("faults-" + std::to_string(seed));
  const cf::local::Cloudflare cloud(folder.path());
  const auto clean = cloud.client();
  const std::string id = clean.kv_namespaces().create("faults").id;
  const auto faulty = std::make_shared<FaultyTransport>(cloud.transport(), seed, 0.3);
  cf::ClientOptions options{.account_id = cloud.account_id(), .transport = faulty};
  options.clock = std::make_shared<cf::testing::FakeClock>();
  Outcomes written(million);
  FaultyRun run;
  run.put = cf::ApiClient(cf::ApiToken("token"), options)
                .kv(id)
                .put_many(pairs(million), {.on_outcome = [&](const cf::ItemOutcome& o) { written(o); }});
  run.requests = faulty->requests();
  run.once_each = written.once_each();
  run.contradictions = contradictions(clean.kv(id), written, million);
  return run;
}

}  // namespace

TEST_CASE("a million pairs are written, read, compared and erased in 100, 10 000 and 100 requests") {
  const auto start = std::chrono::steady_clock::now();
  const Folder folder("million");
  const cf::local::Cloudflare cloud(folder.path());
  const auto client = cloud.client();
  const auto kv = client.kv(client.kv_namespaces().create("million").id);

  const auto put = kv.put_many(pairs(million));
  CHECK(put.complete());
  CHECK(put.succeeded == million);
  CHECK(put.requests == 100);

  std::uint64_t same = 0;
  const auto got = kv.get_many(
      keys(million), {.on_value = [&](std::uint64_t index, std::string_view, std::optional<cf::kv::Value>&& value) {
        same += value && value->value == value_of(index) ? 1 : 0;
      }});
  CHECK(got.outcome.requests == 10'000);
  CHECK(same == million);

  const auto erased = kv.erase_many(keys(million));
  CHECK(erased.complete());
  CHECK(erased.requests == 100);
  CHECK(kv.list_page().keys.empty());
  std::cout << "a million pairs there, back and gone: " << seconds_since(start) << " s\n";
}

TEST_CASE("a million pairs with 30 % of requests spoiled, ten seeds: what is reported is true of every pair") {
  const auto start = std::chrono::steady_clock::now();
  constexpr unsigned seeds = 10;
  std::vector<FaultyRun> runs(seeds);
  std::vector<std::thread> threads;
  std::atomic<unsigned> next = 0;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      for (unsigned seed = next++; seed < seeds; seed = next++) runs[seed] = run_with_faults(seed + 1);
    });
  for (auto& thread : threads) thread.join();
  for (const FaultyRun& run : runs) {
    CHECK(run.put.items == million);
    CHECK(run.put.requests == run.requests);
    CHECK(run.put.succeeded > million * 9 / 10);
    CHECK(run.once_each);
    CHECK(run.contradictions == 0);
  }
  std::cout << "a million pairs with faults, ten seeds: " << seconds_since(start) << " s\n";
}
