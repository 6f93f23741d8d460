#pragma once

// A namespace whose values writes change and whose reads can be held back, for tests of kv::Cache.

#include <cloudflare/kv/async.hpp>
#include <cloudflare/kv/cache.hpp>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "unit/kv/reads_support.hpp"

namespace cache_tests {

using namespace reads_tests;
using cf::ErrorKind;
using cf::kv::Cache;
using cf::kv::CacheOptions;
using cf::testing::SentRequest;

using Outcome = cf::Result<std::optional<std::string>>;

/// Values by key, which writes change; reads can be held back.
struct Space {
  Store store{};
  std::mutex mutex{};
  std::map<std::string, std::string> values{};
  std::function<std::optional<FakeReply>(const SentRequest&)> instead{};
  std::shared_future<void> hold{};  ///< Reads are answered when this is ready; the value is that of before.
  std::atomic<int> reads{0}, held{0};

  Space() {
    store.answer = [this](const SentRequest& sent) -> std::optional<FakeReply> {
      if (instead)
        if (auto reply = instead(sent)) return reply;
      const std::string key = sent.url.substr(sent.url.rfind('/') + 1);
      std::unique_lock lock(mutex);
      if (sent.method == "PUT") {
        values[key] = sent.body;
        return ok("null");
      }
      if (sent.method == "DELETE") {
        values.erase(key);
        return ok("null");
      }
      if (sent.method != "GET") return std::nullopt;
      ++reads;
      const auto found = values.find(key);
      const FakeReply reply =
          found == values.end() ? refused(404, 10009, "key not found") : FakeReply{.body = found->second};
      lock.unlock();
      if (hold.valid()) {
        ++held;
        hold.wait();
      }
      return reply;
    };
  }
  void set(const std::string& key, const std::string& value) {
    const std::lock_guard lock(mutex);
    values[key] = value;
  }
  void advance(std::chrono::milliseconds by) const { store.fake->clock()->advance(by); }
};

inline CacheOptions options(CacheOptions wishes = CacheOptions()) {
  wishes.reader.window = 0us;
  return wishes;
}

inline std::future<Outcome> read_in_thread(const Cache& cache, const std::string& key,
                                           const cf::kv::GetOptions& wishes = cf::kv::GetOptions()) {
  return std::async(std::launch::async, [&cache, key, wishes] { return cache.checked_get(key, wishes); });
}

template <class Condition>
void wait_for(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace cache_tests
