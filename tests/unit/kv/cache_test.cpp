// kv::Cache: what is remembered, for how long, and what a write does to it. Time moves only where a test moves it.

#include <cloudflare/kv/cache.hpp>

#include <atomic>
#include <cloudflare/kv/async.hpp>
#include <cloudflare/local.hpp>
#include <future>
#include <thread>

#include "unit/kv/reads_support.hpp"

using namespace reads_tests;
using cf::ErrorKind;
using cf::kv::Cache;
using cf::kv::CacheOptions;
using cf::testing::SentRequest;

namespace {

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

CacheOptions options(CacheOptions wishes = CacheOptions()) {
  wishes.reader.window = 0us;
  return wishes;
}

std::future<Outcome> read_in_thread(const Cache& cache, const std::string& key,
                                    const cf::kv::GetOptions& wishes = cf::kv::GetOptions()) {
  return std::async(std::launch::async, [&cache, key, wishes] { return cache.checked_get(key, wishes); });
}

template <class Condition>
void wait_for(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a value is read once in each ttl") {
  Space space;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options({.ttl = 30s}));
  CHECK(cache.get("k") == "1");
  space.set("k", "2");
  space.advance(29s);
  CHECK(cache.get("k") == "1");
  CHECK(*cache.checked_get("k") == "1");
  CHECK(space.reads == 1);
  space.advance(2s);
  CHECK(cache.get("k") == "2");
  CHECK(space.reads == 2);
  const auto did = cache.statistics();
  CHECK((did.hits == 2 && did.misses == 2 && did.reads == 2 && did.stale == 0 && did.evictions == 0));
  CHECK((did.items == 1 && did.bytes == 2 + Cache::bytes_per_item));
}

TEST_CASE("a missing key is remembered for missing_ttl, an empty value is a value") {
  Space space;
  space.set("empty", "");
  const Cache cache(space.store.kv(), options({.ttl = 1h, .stale_for = 1h, .missing_ttl = 10s}));
  for (int i = 0; i < 3; ++i) {
    CHECK(cache.get("none") == std::nullopt);
    CHECK(cache.get("empty") == "");
  }
  CHECK(space.reads == 2);
  space.set("none", "now");
  space.advance(10s);
  CHECK(cache.get("none") == "now");  // a missing key is never stale
  const Cache forgetful(space.store.kv(), options({.missing_ttl = 0s}));
  CHECK(forgetful.get("absent") == std::nullopt);
  CHECK(forgetful.get("absent") == std::nullopt);
  CHECK(space.reads == 5);
  CHECK(forgetful.statistics().items == 0);
}

TEST_CASE("a stale value is given at once while one read fetches the new one") {
  Space space;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options({.ttl = 10s, .stale_for = 20s}));
  CHECK(cache.get("k") == "1");
  space.set("k", "2");
  space.advance(10s);
  std::promise<void> go;
  space.hold = go.get_future().share();
  for (int i = 0; i < 5; ++i) CHECK(cache.get("k") == "1");
  wait_for([&] { return space.held == 1; });
  CHECK(cache.get("k") == "1");
  go.set_value();
  wait_for([&] { return cache.get("k") == "2"; });
  CHECK(space.reads == 2);
  CHECK((cache.statistics().misses == 1 && cache.statistics().stale >= 6));
  space.set("k", "3");
  space.advance(30s);
  CHECK(cache.get("k") == "3");  // older than both
}

TEST_CASE("while refreshing fails, one read is tried in a second and the stale value stays") {
  Space space;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options({.ttl = 10s, .stale_for = 1min}));
  CHECK(cache.get("k") == "1");
  space.advance(10s);
  std::atomic<int> failed{0};
  space.instead = [&](const SentRequest&) {
    ++failed;
    return std::optional(refused(500, 0, "no"));
  };
  CHECK(cache.get("k") == "1");
  wait_for([&] { return cache.statistics().under_way == 0; });
  for (int i = 0; i < 5; ++i) CHECK(cache.get("k") == "1");
  CHECK(failed == 1);
  space.advance(1s);
  CHECK(cache.get("k") == "1");
  wait_for([&] { return failed == 2; });
}

TEST_CASE("an old value is given if reading fails on the way, and not if the server refuses") {
  Space space;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options({.ttl = 10s, .stale_if_error = 1min}));
  CHECK(cache.get("k") == "1");
  space.advance(20s);
  int failed = 0;
  space.instead = [&](const SentRequest&) {
    ++failed;
    return std::optional(cut());
  };
  CHECK(cache.get("k") == "1");
  CHECK(cache.get("k") == "1");  // the failure is remembered for a second
  CHECK(failed == 1);
  CHECK(cache.statistics().stale == 2);
  space.advance(1s);
  space.instead = [&](const SentRequest&) { return std::optional(refused(403, 10000, "no")); };
  CHECK(cache.checked_get("k").error().kind() == ErrorKind::unauthorized);
  space.instead = [&](const SentRequest&) { return std::optional(cut()); };
  space.advance(1min);
  CHECK(cache.checked_get("k").error().kind() == ErrorKind::transport);
  space.instead = nullptr;
  CHECK(cache.get("k") == "1");
}

TEST_CASE("an error reaches all that wait, and is not remembered") {
  Space space;
  space.instead = [](const SentRequest&) { return std::optional(refused(404, 10013, "no such namespace")); };
  const Cache cache(space.store.kv(), options());
  CHECK(error_of([&] { (void)cache.get("k"); }).kind() == ErrorKind::not_found);
  space.instead = nullptr;
  space.set("k", "1");
  CHECK(cache.get("k") == "1");
}

TEST_CASE("many threads that miss one key share a read") {
  Space space;
  space.set("k", "1");
  std::promise<void> go;
  space.hold = go.get_future().share();
  const Cache cache(space.store.kv(), options());
  std::vector<std::future<Outcome>> reads;
  for (int i = 0; i < 20; ++i) reads.push_back(read_in_thread(cache, "k"));
  wait_for([&] { return cache.statistics().misses == 20; });
  go.set_value();
  for (auto& read : reads) CHECK(*read.get() == "1");
  CHECK(space.reads == 1);
  CHECK(cache.statistics().reads == 1);
}

TEST_CASE("threads that miss different keys share a request") {
  Store store;
  const Cache cache(store.kv(), {.reader = {.window = 1h, .max_keys = 10}});
  std::vector<std::future<Outcome>> reads;
  for (int i = 0; i < 10; ++i) reads.push_back(read_in_thread(cache, "k" + std::to_string(i)));
  for (std::size_t i = 0; i < 10; ++i) CHECK(*reads[i].get() == "v:k" + std::to_string(i));
  CHECK((store.bulk == 1 && store.single == 0));
  CHECK(cache.get("k3") == "v:k3");
  CHECK(store.bulk == 1);
}

TEST_CASE("own writes show at once, without a read") {
  Space space;
  const Cache cache(space.store.kv(), options());
  cache.put("k", "1");
  CHECK(cache.get("k") == "1");
  REQUIRE(cache.checked_put("k", "2").has_value());
  CHECK(cache.get("k") == "2");
  cache.erase("k");
  CHECK(cache.get("k") == std::nullopt);
  REQUIRE(cache.checked_erase("other").has_value());
  CHECK(cache.get("other") == std::nullopt);
  CHECK(space.reads == 0);
  CHECK(space.values.empty());
}

TEST_CASE("a value that was put with a ttl or an expiration is not given after it") {
  Space space;
  const Cache cache(space.store.kv(), options({.ttl = 1h, .stale_for = 1h, .stale_if_error = 1h}));
  cache.put("ttl", "1", {.ttl = 100s});
  cache.put("expiration", "1", {.expiration = space.store.fake->clock()->wall() + 100s});
  space.advance(99s);
  CHECK((cache.get("ttl") == "1" && cache.get("expiration") == "1" && space.reads == 0));
  space.advance(1s);
  space.set("ttl", "2");
  space.set("expiration", "2");
  CHECK((cache.get("ttl") == "2" && cache.get("expiration") == "2" && space.reads == 2));
}

TEST_CASE("a read that was under way during a write, an invalidation or a clear() is not kept") {
  Space space;
  space.set("k", "old");
  const Cache cache(space.store.kv(), options());
  std::promise<void> go;
  space.hold = go.get_future().share();
  auto read = read_in_thread(cache, "k");
  wait_for([&] { return space.held == 1; });
  std::string now = "old";
  SECTION("put") {
    cache.put("k", "new");
    CHECK(cache.get("k") == "new");
    now = "new";
  }
  SECTION("erase") {
    cache.erase("k");
    CHECK(cache.get("k") == std::nullopt);
    now.clear();
  }
  SECTION("invalidate") { cache.invalidate("k"); }
  SECTION("clear") { cache.clear(); }
  const std::uint64_t items = cache.statistics().items;
  go.set_value();
  CHECK(*read.get() == "old");
  CHECK(cache.statistics().items == items);
  CHECK(cache.get("k").value_or("") == now);
  CHECK(space.reads == (items == 1 ? 1 : 2));
}

TEST_CASE("after an unknown outcome a key is forgotten, after a refusal it is not") {
  Space space;
  const Cache cache(space.store.kv(), options());
  cache.put("k", "1");
  space.instead = [](const SentRequest&) { return std::optional(refused(403, 10000, "no")); };
  CHECK(cache.checked_put("k", "2").error().kind() == ErrorKind::unauthorized);
  CHECK(cache.checked_put("k", std::string((25U << 20U) + 1U, 'x')).error().kind() == ErrorKind::invalid_argument);
  CHECK(cache.get("k") == "1");
  space.instead = [](const SentRequest&) { return std::optional(cut()); };
  CHECK(cache.checked_erase("k").error().kind() == ErrorKind::transport);
  space.instead = nullptr;
  CHECK(space.reads == 0);
  CHECK(cache.get("k") == "1");
  CHECK(space.reads == 1);
}

TEST_CASE("of two writes of a key that overlap none is believed") {
  Space space;
  const Cache cache(space.store.kv(), options());
  std::promise<void> first_sent, first_goes;
  space.instead = [&, first = true](const SentRequest&) mutable -> std::optional<FakeReply> {
    if (!std::exchange(first, false)) return std::nullopt;
    first_sent.set_value();
    first_goes.get_future().wait();
    return std::nullopt;
  };
  auto first = std::async(std::launch::async, [&] { return cache.checked_put("k", "1"); });
  first_sent.get_future().wait();
  cache.put("k", "2");
  first_goes.set_value();
  CHECK(first.get().has_value());
  CHECK(cache.statistics().items == 0);
  CHECK(cache.get("k") == "1");
  cache.put("k", "3");
  CHECK(cache.get("k") == "3");
  CHECK(space.reads == 1);
}

TEST_CASE("the key that was used longest ago leaves, by number and by bytes") {
  Space space;
  const Cache few(space.store.kv(), options({.max_items = 3}));
  for (const char* key : {"a", "b", "c"}) few.put(key, key);
  CHECK(few.get("a") == "a");
  few.put("d", "d");
  CHECK((few.get("a") == "a" && few.get("c") == "c" && few.get("d") == "d" && space.reads == 0));
  CHECK(few.get("b") == "b");
  CHECK(space.reads == 1);
  CHECK(few.statistics().evictions == 2);

  const Cache small(space.store.kv(), options({.max_bytes = 2 * (Cache::bytes_per_item + 101)}));
  const std::string large(100, 'x');
  small.put("1", large);
  small.put("2", large);
  CHECK(small.statistics().items == 2);
  small.put("3", large);
  CHECK((small.statistics().items == 2 && small.statistics().evictions == 1));
  small.put("3", "short");
  small.put("3", std::string(10'000, 'x'));  // does not fit at all
  CHECK((small.statistics().items == 1 && small.statistics().bytes == Cache::bytes_per_item + 101));
  CHECK(small.get("3")->size() == 10'000);
  CHECK(small.get("2") == large);
  CHECK(space.reads == 2);
  small.clear();
  CHECK((small.statistics().items == 0 && small.statistics().bytes == 0));
}

TEST_CASE("a key of 512 bytes is cached, a longer one is refused") {
  Space space;
  const Cache cache(space.store.kv(), options());
  const std::string longest(512, 'k');
  cache.put(longest, "1");
  CHECK(cache.get(longest) == "1");
  CHECK(cache.statistics().bytes == 513 + Cache::bytes_per_item);
  for (const std::string& key : {std::string(513, 'k'), std::string(), std::string("\xFF"), std::string("..")}) {
    CHECK(cache.checked_get(key).error().kind() == ErrorKind::invalid_argument);
    CHECK(cache.checked_put(key, "1").error().kind() == ErrorKind::invalid_argument);
    CHECK(cache.checked_erase(key).error().kind() == ErrorKind::invalid_argument);
    cache.invalidate(key);
  }
  CHECK((space.reads == 0 && cache.statistics().misses == 0 && cache.statistics().items == 1));
}

TEST_CASE("options out of range are refused") {
  Space space;
  const auto refusal = [&](const CacheOptions& wishes) {
    return error_of([&] { const Cache cache(space.store.kv(), wishes); }).kind();
  };
  CHECK(refusal({.max_items = 0}) == ErrorKind::invalid_argument);
  CHECK(refusal({.ttl = 0s}) == ErrorKind::invalid_argument);
  CHECK(refusal({.stale_for = -1s}) == ErrorKind::invalid_argument);
  CHECK(refusal({.stale_if_error = -1s}) == ErrorKind::invalid_argument);
  CHECK(refusal({.missing_ttl = -1s}) == ErrorKind::invalid_argument);
  CHECK(refusal({.reader = {.max_keys = 0}}) == ErrorKind::invalid_argument);
  constexpr auto endless = std::chrono::milliseconds::max();
  const Cache cache(space.store.kv(), options({.max_items = SIZE_MAX,
                                               .max_bytes = SIZE_MAX,
                                               .ttl = endless,
                                               .stale_for = endless,
                                               .stale_if_error = endless,
                                               .missing_ttl = endless}));
  cache.put("k", "1");
  space.advance(1000h);
  CHECK((cache.get("k") == "1" && cache.get("none") == std::nullopt && cache.get("none") == std::nullopt));
  CHECK(space.reads == 1);
}

TEST_CASE("a time limit or a stop token ends one call; the read goes on and is kept") {
  Space space;
  space.set("k", "1");
  std::promise<void> go;
  space.hold = go.get_future().share();
  const Cache cache(space.store.kv(), options());
  auto patient = read_in_thread(cache, "k");
  wait_for([&] { return space.held == 1; });
  CHECK(cache.checked_get("k", {.timeout = 1ms}).error().kind() == ErrorKind::timeout);
  std::stop_source stop;
  auto stopped = read_in_thread(cache, "k", {.stop = stop.get_token()});
  wait_for([&] { return cache.statistics().misses == 3; });
  stop.request_stop();
  CHECK(stopped.get().error().kind() == ErrorKind::cancelled);
  go.set_value();
  CHECK(*patient.get() == "1");
  CHECK(cache.get("k") == "1");
  CHECK(space.reads == 1);
}

TEST_CASE("a call that joined a read which ended too early for it begins its own") {
  Space space;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options());
  std::promise<void> asked, joined;
  space.instead = [&, first = true](const SentRequest&) mutable -> std::optional<FakeReply> {
    if (!std::exchange(first, false)) return std::nullopt;
    asked.set_value();
    joined.get_future().wait();
    return FakeReply{.body = "late", .after = 20s};
  };
  auto hasty = read_in_thread(cache, "k", {.timeout = 10s});
  asked.get_future().wait();
  auto patient = read_in_thread(cache, "k");
  wait_for([&] { return cache.statistics().misses == 2; });
  joined.set_value();
  CHECK(hasty.get().error().kind() == ErrorKind::timeout);
  CHECK(*patient.get() == "1");
  CHECK((cache.statistics().misses == 2 && cache.statistics().reads == 2));
}

TEST_CASE("destroying the Cache ends calls that wait, also for a read whose value would not be kept") {
  Space space;
  std::promise<void> go;
  space.hold = go.get_future().share();
  const cf::KvNamespace kv = space.store.kv();  // so that no caller waits for the I/O thread
  auto cache = std::make_unique<Cache>(kv, options());
  auto forgotten = read_in_thread(*cache, "a");
  wait_for([&] { return space.held == 1; });
  cache->invalidate("a");
  auto waiting = read_in_thread(*cache, "b");
  auto operation = cache->async().get("c").as_future();
  auto late = cache->async().get("d");
  wait_for([&] { return cache->statistics().misses == 2; });  // the I/O thread is busy, so "c" has not begun
  cache.reset();
  CHECK(forgotten.get().error().kind() == ErrorKind::cancelled);
  CHECK(waiting.get().error().kind() == ErrorKind::cancelled);
  go.set_value();
  CHECK(error_of([&] { (void)operation.get(); }).kind() == ErrorKind::cancelled);
  CHECK(error_of([&] { (void)std::move(late).as_future().get(); }).kind() == ErrorKind::cancelled);
}

TEST_CASE("the handle's stop token closes the Cache") {
  Space space;
  std::stop_source stop;
  const Cache cache(space.store.kv().with({.stop = stop.get_token()}), options());
  cache.put("k", "1");
  stop.request_stop();
  CHECK(cache.checked_get("k").error().kind() == ErrorKind::cancelled);
  CHECK(cache.checked_put("k", "2").error().kind() == ErrorKind::cancelled);
  CHECK(cache.statistics().items == 0);
}

TEST_CASE("the operations of the asynchronous view do what the blocking ones do") {
  Space space;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options());
  const cf::kv::AsyncCache async = cache.async();
  CHECK(async.get("k").as_future().get() == "1");
  CHECK(async.get("k").as_future().get() == "1");
  CHECK(space.reads == 1);
  async.put("k", "2", {.ttl = 60s}).as_future().get();
  CHECK(async.get("k").as_future().get() == "2");
  async.erase("k").as_future().get();
  CHECK(async.get("k").as_future().get() == std::nullopt);
  CHECK(space.reads == 1);
  CHECK(error_of([&] { (void)async.get("").as_future().get(); }).kind() == ErrorKind::invalid_argument);
  CHECK(error_of([&] { async.put("", "v").as_future().get(); }).kind() == ErrorKind::invalid_argument);
}

TEST_CASE("an operation that never begins leaves nothing behind") {
  Space space;
  const Cache cache(space.store.kv(), options());
  cache.put("k", "1");
  {
    auto put = cache.async().put("k", "2");
    auto get = cache.async().get("other");
  }
  CHECK((cache.get("k") == "1" && space.values.at("k") == "1" && cache.statistics().misses == 0));
}

TEST_CASE("blocking calls in a callback on the I/O thread end, and are cached") {
  Space space;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options());
  std::promise<std::vector<Outcome>> got;
  cache.async().get("none").start([&](const Outcome&) {
    std::vector<Outcome> reads{cache.checked_get("k"), cache.checked_get("k"), cache.checked_get("..")};
    reads.push_back(cache.checked_put("k", "2").has_value() ? cache.checked_get("k") : Outcome(std::nullopt));
    got.set_value(std::move(reads));
  });
  const auto reads = got.get_future().get();
  CHECK((*reads[0] == "1" && *reads[1] == "1" && *reads[3] == "2"));
  CHECK(reads[2].error().kind() == ErrorKind::invalid_argument);
  CHECK(space.reads == 2);
}

TEST_CASE("what a hook throws reaches every call that waits for the read") {
  const auto fake = std::make_shared<FakeTransport>();
  const cf::ApiClient client(cf::TokenProvider([]() -> std::string { throw std::runtime_error("no token today"); }),
                             {.account_id = "acc", .transport = fake, .clock = fake->clock()});
  const Cache cache(client.kv("ns"), options());
  CHECK(cache.checked_get("k").error().kind() == ErrorKind::callback);
  CHECK_THROWS_AS(cache.get("k"), std::runtime_error);
}

TEST_CASE("threads that read, write and forget through a small Cache see what is stored") {
  const cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const cf::KvNamespace space = client.kv(client.kv_namespaces().create("s").id);
  const Cache cache(space,
                    {.max_items = 8, .ttl = 2ms, .stale_for = 2ms, .missing_ttl = 1ms, .reader = {.window = 1ms}});
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < 6; ++t)
      all.emplace_back([&, t] {
        const std::string own = "own" + std::to_string(t);
        for (int n = 0; n < 60; ++n) {
          const std::string value = own + std::to_string(n);
          cache.put(own, value);
          if (cache.get(own) != value) ++wrong;  // nobody else writes it, and the store is consistent
          (void)cache.get("own" + std::to_string((t + n) % 6));
          (void)cache.async().get("shared" + std::to_string(n % 12)).as_future().get();
          if (n % 7 == 0) cache.invalidate("own" + std::to_string(n % 6));
          if (n % 20 == 0) cache.clear();
          if (n % 3 == 0) cache.async().put("shared" + std::to_string(n % 12), value).as_future().get();
        }
      });
  }
  CHECK(wrong == 0);
  const auto did = cache.statistics();
  CHECK((did.items <= 8 && did.hits > 0 && did.misses > 0));
}
