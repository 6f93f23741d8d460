// Memory runs out at each allocation of each operation, in the client, the store and SQLite.

#include <sqlite3.h>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include <cstdlib>
#include <new>

#include "support/catch.hpp"
#include "support/every_operation.hpp"
#include "support/process.hpp"

namespace {

// Allocations of this thread until the one that fails; 0: none fails.
thread_local std::uint64_t left = 0;
thread_local bool failed = false;

bool fails() {
  if (left == 0 || --left != 0) return false;
  failed = true;
  return true;
}

sqlite3_mem_methods sqlite_memory;

/// SQLite's allocations count too. To be called before SQLite is used.
void count_sqlite() {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
  sqlite3_mem_methods counted = sqlite_memory;
  counted.xMalloc = [](int size) { return fails() ? nullptr : sqlite_memory.xMalloc(size); };
  counted.xRealloc = [](void* memory, int size) { return fails() ? nullptr : sqlite_memory.xRealloc(memory, size); };
  sqlite3_config(SQLITE_CONFIG_MALLOC, &counted);
}

}  // namespace

void* operator new(std::size_t size) {
  if (fails()) throw std::bad_alloc();
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return fails() ? nullptr : std::malloc(size != 0 ? size : 1);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace cf = cloudflare;

TEST_CASE("memory that runs out at any allocation of any operation is an Error or bad_alloc, and the next call works") {
  static const bool counted = (count_sqlite(), true);
  (void)counted;
  const support::TemporaryFolder folder;
  cf::local::Cloudflare cloud(folder.file("store"));
  cloud.serve_edgebase(
      {.service_key = "key", .kv = {"cache"}, .d1 = {"analytics"}, .vectorize = {{.name = "docs", .dimensions = 2}}});
  cf::ClientOptions options;
  options.clock = std::make_shared<cf::testing::FakeClock>();
  options.max_attempts = 1;
  const cf::ApiClient client = cloud.client(options);
  options.transport = cloud.transport();
  const support::Handles handles{.client = client,
                                 .edge = {"https://edge.example", cf::edgebase::ServiceKey("key"), options},
                                 .ns = client.kv_namespaces().create("n").id,
                                 .database = client.d1_databases().create("d").uuid,
                                 .folder = folder.file("")};
  const cf::KvNamespace canary = client.kv(client.kv_namespaces().create("canary").id);
  canary.put("k", "v");
  // Each of the first allocations, then some of the many that follow.
  const char* all = std::getenv("CLOUDFLARE_EACH_ALLOCATION");
  const std::uint64_t stride = all != nullptr ? 1 : 7;
  std::uint64_t injected = 0;
  for (const support::NamedOperation& operation : support::every_operation()) {
    // The destructor of nlohmann::json allocates, and ends the process if it cannot.
    if (const std::string_view name = operation.name; name == "request" || name == "query_json") continue;
    for (std::uint64_t nth = 1;; nth += nth < 20 ? 1 : stride) {
      INFO(operation.name << ", allocation " << nth);
      failed = false;
      left = nth;
      try {
        operation.run(handles);
      } catch (const cf::Error&) {
      } catch (const std::bad_alloc&) {
      }
      left = 0;
      if (!failed) break;
      ++injected;
      if (nth % 16 == 0) REQUIRE(canary.get("k") == "v");
    }
    REQUIRE(canary.get("k") == "v");
  }
  std::printf("%llu allocations failed\n", static_cast<unsigned long long>(injected));
  CHECK(injected > 1000);
}
