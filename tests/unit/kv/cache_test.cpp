// kv::Cache: what is remembered, for how long, and what a write does to it. Time moves only where a test moves it.

#include "unit/kv/cache_support.hpp"

using namespace cache_tests;

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

TEST_CASE("a hit goes by the clock's recent time: a value is given longer by what that lags, and no more") {
  Space space;
  space.store.lag = 8ms;
  space.set("k", "1");
  const Cache cache(space.store.kv(), options({.ttl = 30s}));
  CHECK(cache.get("k") == "1");
  space.set("k", "2");
  space.advance(30s + 7ms);
  CHECK(cache.get("k") == "1");
  space.advance(1ms);
  CHECK(cache.get("k") == "2");
  CHECK(cache.get("k") == "2");
  CHECK(space.reads == 2);
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

TEST_CASE("a time of day that jumps neither ends nor prolongs what is kept") {
  Space space;
  const Cache cache(space.store.kv(), options({.ttl = 1h}));
  const auto clock = space.store.fake->clock();
  const auto begin = clock->wall();
  cache.put("ttl", "1", {.ttl = 100s});
  cache.put("expiration", "1", {.expiration = begin + 100s});
  clock->set_wall(begin + 100'000h);
  CHECK((cache.get("ttl") == "1" && cache.get("expiration") == "1" && space.reads == 0));
  clock->set_wall(begin - 100'000h);
  space.advance(100s);
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

TEST_CASE("an old key that was not used leaves, by number and by bytes") {
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
