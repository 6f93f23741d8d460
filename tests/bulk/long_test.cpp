// A million pairs on the embedded store in a folder.

#include <sqlite3.h>
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

/// A folder of its own, removed with the object.
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

/// Reads each pair of a closed store straight from its file, so that the check does not depend on the library's own
/// reads.
template <class Take>
void each_pair(const Folder& folder, Take take) {
  sqlite3* opened = nullptr;
  const int error = sqlite3_open_v2((folder.path() + "/kv.sqlite").c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(opened, sqlite3_close);
  sqlite3_stmt* prepared = nullptr;
  if (error != SQLITE_OK ||
      sqlite3_prepare_v2(opened, "SELECT key, value FROM pairs", -1, &prepared, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(opened));
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> rows(prepared, sqlite3_finalize);
  const auto column = [&](int at) {
    return std::string_view(static_cast<const char*>(sqlite3_column_blob(prepared, at)),
                            static_cast<std::size_t>(sqlite3_column_bytes(prepared, at)));
  };
  while (sqlite3_step(prepared) == SQLITE_ROW) take(column(0), column(1));
}

/// Which numbered pairs are stored; `strange` counts those that are not as they were written.
struct Stored {
  std::vector<bool> there = std::vector<bool>(million);
  std::uint64_t strange = 0;

  explicit Stored(const Folder& folder) {
    each_pair(folder, [this](std::string_view key, std::string_view value) {
      const auto index = std::stoull(std::string(key.substr(4)));
      if (index < million && key == key_of(index) && value == value_of(index) && !there[index])
        there[index] = true;
      else
        ++strange;
    });
  }
};

/// The results of a run with faults; checked on the test's own thread.
struct FaultyRun {
  cf::BulkResult put{};
  cf::BulkResult erased{};
  std::uint64_t requests = 0;
  bool once_each = true;
  std::uint64_t contradictions = 0;
};

/// Runs `job` on a namespace of the store in `folder`, through faults; the store is closed afterwards.
template <class Job>
cf::BulkResult through_faults(const Folder& folder, unsigned seed, FaultyRun& run, Job job) {
  const cf::local::Cloudflare cloud(folder.path());
  const auto faulty = std::make_shared<FaultyTransport>(cloud.transport(), seed, 0.3);
  cf::ClientOptions options{.account_id = cloud.account_id(), .transport = faulty};
  options.clock = std::make_shared<cf::testing::FakeClock>();
  const auto namespaces = cloud.client().kv_namespaces();
  const auto found = namespaces.find("faults");
  const std::string id = found ? found->id : namespaces.create("faults").id;
  cf::BulkResult done = job(cf::ApiClient(cf::ApiToken("token"), options).kv(id));
  run.requests += faulty->requests();
  return done;
}

FaultyRun run_with_faults(unsigned seed) {
  const Folder folder("faults-" + std::to_string(seed));
  FaultyRun run;
  Outcomes written(million);
  run.put = through_faults(folder, seed, run, [&](const cf::KvNamespace& kv) {
    return kv.put_many(pairs(million), {.on_outcome = [&](const cf::ItemOutcome& o) { written(o); }});
  });
  const Stored stored(folder);
  run.contradictions = stored.strange;
  for (std::uint64_t i = 0; i < million; ++i)
    run.contradictions += written.of(i) == (stored.there[i] ? cf::Outcome::failed : cf::Outcome::done) ? 1 : 0;

  Outcomes erased(million);
  run.erased = through_faults(folder, seed + 100, run, [&](const cf::KvNamespace& kv) {
    return kv.erase_many(keys(million), {.on_outcome = [&](const cf::ItemOutcome& o) { erased(o); }});
  });
  const Stored left(folder);
  run.contradictions += left.strange;
  for (std::uint64_t i = 0; i < million; ++i)
    run.contradictions += left.there[i] && (erased.of(i) == cf::Outcome::done || !stored.there[i]) ? 1 : 0;
  run.once_each = written.once_each() && erased.once_each();
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

TEST_CASE("a million pairs with 30 % of requests spoiled, ten seeds: the report is true of every pair") {
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
    CHECK(run.erased.items == million);
    CHECK(run.put.requests + run.erased.requests == run.requests);
    CHECK(run.put.succeeded > million * 9 / 10);
    CHECK(run.erased.succeeded > million * 9 / 10);
    CHECK(run.once_each);
    CHECK(run.contradictions == 0);
  }
  std::cout << "a million pairs with faults, ten seeds: " << seconds_since(start) << " s\n";
}
