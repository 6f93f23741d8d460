// kv-cache: hits of kv::Cache against an unbounded std::unordered_map guarded by one mutex, looked up and copied the
// same way: 10 000 keys with values of 100 bytes, in one thread and in four.

#include <cloudflare/kv/cache.hpp>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "counting.hpp"
#include "measure.hpp"

namespace {

constexpr std::size_t items = 10'000;
constexpr std::size_t reads = 200'000;

class Guarded {
 public:
  void put(const std::string& key, std::string value) {
    const std::lock_guard lock(mutex_);
    values_[key] = std::move(value);
  }
  std::optional<std::string> get(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> values_;
};

/// Reads keys in an order that no cache line follows, in `threads` threads; `reads` in all.
template <class Get>
void read_all(const std::vector<std::string>& keys, std::size_t threads, Get get) {
  const auto run = [&](std::size_t start) {
    std::size_t bytes = 0;
    std::size_t at = start * 7919;
    for (std::size_t n = 0; n < reads / threads; ++n) {
      at = (at * 1'664'525 + 1'013'904'223) % 4'294'967'296;
      bytes += get(keys[at % items])->size();
    }
    if (bytes != reads / threads * 100) throw std::logic_error("a value is missing");
  };
  if (threads == 1) return run(1);
  std::vector<std::jthread> all;
  for (std::size_t t = 0; t < threads; ++t) all.emplace_back(run, t);
}

void run() {
  const auto transport = std::make_shared<bench::CountingTransport>();
  const cloudflare::kv::Cache cache(bench::client_over(transport).kv("ns"),
                                    {.max_items = items, .ttl = std::chrono::hours(1)});
  Guarded map;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < items; ++i) {
    keys.push_back("customers/" + std::to_string(i) + "/profile");
    cache.put(keys.back(), std::string(100, 'v'));
    map.put(keys.back(), std::string(100, 'v'));
  }
  for (const std::size_t threads : {1U, 4U}) {
    bench::Least ours;
    bench::Least theirs;
    for (int round = 0; round < 60; ++round) {
      ours.round([&] { read_all(keys, threads, [&](const std::string& key) { return cache.get(key); }); });
      theirs.round([&] { read_all(keys, threads, [&](const std::string& key) { return map.get(key); }); });
    }
    bench::print(threads == 1 ? "map+mutex" : "map+mutex/4-threads", ours, theirs, threads == 1 ? "<=1.5" : "<=2");
  }
  if (cache.statistics().misses != 0) throw std::logic_error("a read was not a hit");
}

}  // namespace

int main() { return bench::reported(run); }
