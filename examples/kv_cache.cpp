// A cache in the process over a namespace, here of the embedded store: no account, no network.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/kv/async.hpp>
#include <cloudflare/kv/cache.hpp>
#include <cloudflare/local.hpp>
#include <iostream>
#include <thread>
#include <vector>

namespace cf = cloudflare;
using namespace std::chrono_literals;

// [serve]
// What a server does for each of its requests, in any thread.
std::string greeting(const cf::kv::Cache& cache, const std::string& user) {
  const std::optional<std::string> name = cache.get("user/" + user, {.timeout = 5s});
  return "hello " + name.value_or("stranger");
}
// [/serve]

int main() {
  const cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create("users").id);
  kv.put("user/1", "Ada");
  kv.put("user/2", "Grace");

  // [options]
  const cf::kv::Cache cache(kv, {.max_items = 50'000,
                                 .max_bytes = 256U << 20U,
                                 .ttl = 60s,
                                 .stale_for = 10min,    // slow or failing reads delay nobody for so long
                                 .stale_if_error = 1h,  // and this long nobody sees an error of the network
                                 .missing_ttl = 10s});
  // [/options]

  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&cache] {
      for (int n = 0; n < 1000; ++n) (void)greeting(cache, std::to_string(n % 3));
    });
  threads.clear();
  for (const char* user : {"0", "1", "2"}) std::cout << greeting(cache, user) << '\n';

  // [writes]
  cache.put("user/1", "Ada Lovelace");  // writes to the namespace, and shows here at once
  cache.erase("user/2");
  kv.put("user/3", "Alan");    // the cache knows nothing of this
  cache.invalidate("user/3");  // until it is told, or ttl has passed
  // [/writes]
  for (const char* user : {"1", "2", "3"}) std::cout << greeting(cache, user) << '\n';

  // [statistics]
  const cf::kv::CacheStatistics did = cache.statistics();
  std::cout << did.hits + did.stale + did.misses << " calls, " << did.reads << " keys read\n";
  // [/statistics]
  return did.reads == 4 ? 0 : 1;
}
