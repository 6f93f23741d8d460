// kv::Cache: calls that end early, the asynchronous view, callbacks, and many threads at once.

#include <cloudflare/local.hpp>

#include "unit/kv/cache_support.hpp"

using namespace cache_tests;

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
