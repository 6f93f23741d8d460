// Stop tokens, the end of a client, and coroutines that are destroyed before their operation completes.

#include "async_support.hpp"

using namespace async_tests;

TEST_CASE("a stop token ends an operation under way and cancels its request; others go on") {
  const Held held;
  const auto kv = held.client().kv("ns");
  std::stop_source stop;
  auto stopped = kv.with({.stop = stop.get_token()}).async().get("a").as_future();
  auto kept = kv.async().get("b").as_future();
  held.transport->wait_for(2);
  stop.request_stop();
  CHECK(error_of([&] { (void)stopped.get(); }).kind() == cf::ErrorKind::cancelled);
  held.transport->wait_for(1);
  held.transport->answer_all("v");
  CHECK(kept.get() == "v");
}

TEST_CASE("stop_on gives a single operation its stop token; triggered before, no request goes out") {
  const Held held;
  const auto kv = held.client().kv("ns").async();
  std::stop_source stop;
  auto put = kv.put("a", "1").stop_on(stop.get_token()).as_future();
  held.transport->wait_for(1);
  stop.request_stop();
  const auto error = error_of([&] { put.get(); });
  CHECK(error.kind() == cf::ErrorKind::cancelled);
  CHECK(error.outcome_unknown());
  const auto late = error_of([&] { kv.put("a", "1").stop_on(stop.get_token()).as_future().get(); });
  CHECK(late.kind() == cf::ErrorKind::cancelled);
  CHECK_FALSE(late.outcome_unknown());
}

TEST_CASE("destroying the last handle completes what is under way with `cancelled` before it returns") {
  const Held held;
  auto client = std::make_unique<cf::ApiClient>(held.client());
  auto kv = std::make_unique<cf::AsyncKvNamespace>(client->kv("ns").async());
  Results<Value> results;
  for (int i = 0; i < 20; ++i) kv->get("k").start(results.callback());
  auto future = kv->put("k", "v").as_future();
  auto later = kv->get("later");
  auto bulk = kv->put_many(std::vector<cf::kv::Entry>{{.key = "k", .value = "v"}}).as_future();
  held.transport->wait_for(22);
  client.reset();
  CHECK(results.count() == 0);  // the handle keeps the client open
  kv.reset();
  REQUIRE(results.count() == 20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(results.at(i).error().kind() == cf::ErrorKind::cancelled);
  CHECK(error_of([&] { future.get(); }).outcome_unknown());
  CHECK(bulk.get().stopped.value().kind() == cf::ErrorKind::cancelled);
  CHECK(error_of([&] { (void)std::move(later).as_future().get(); }).kind() == cf::ErrorKind::cancelled);
}

TEST_CASE("an operation begun first after the client was closed is cancelled, and begins no thread") {
  const std::size_t before = threads_of_this_process();
  const Held held;
  auto operation = held.client().kv("ns").async().get("k");
  auto future = std::move(operation).as_future();
  CHECK(error_of([&] { (void)future.get(); }).kind() == cf::ErrorKind::cancelled);
  CHECK(threads_of_this_process() == before);
}

TEST_CASE("the last handle may be destroyed inside a callback: the rest completes, the thread ends by itself") {
  Held held;
  auto gone = held.transport->gone();
  auto* transport = held.transport.get();
  auto kv = std::make_shared<cf::AsyncKvNamespace>(held.client().kv("ns").async());
  Results<Value> results;
  std::stop_source stop;
  kv->get("first").stop_on(stop.get_token()).start([kv, done = results.callback()](cf::Result<Value> result) mutable {
    kv.reset();
    done(std::move(result));
  });
  for (int i = 0; i < 3; ++i) kv->get("k").start(results.callback());
  transport->wait_for(4);
  kv.reset();
  held.transport.reset();
  stop.request_stop();
  results.wait_for(4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(results.at(i).error().kind() == cf::ErrorKind::cancelled);
  gone.wait();
}

TEST_CASE("operations begun by callbacks of a client that closes are cancelled, not lost") {
  const Held held;
  auto kv = std::make_unique<cf::AsyncKvNamespace>(held.client().kv("ns").async());
  auto again = kv->get("again");
  Results<Value> results;
  kv->get("k").start([&, again = std::move(again)](const cf::Result<Value>&) mutable {
    std::move(again).start(results.callback());
    results.callback()(std::nullopt);
  });
  held.transport->wait_for(1);
  kv.reset();
  REQUIRE(results.count() == 2);
  CHECK(results.at(1).error().kind() == cf::ErrorKind::cancelled);
}

TEST_CASE("a coroutine may be destroyed while it waits; the operation goes on without it") {
  const Held held;
  const auto kv = held.client().kv("ns").async();
  bool resumed = false;
  struct Frame {
    struct promise_type {
      Frame get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_always final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
  };
  const auto wait = [&](cf::AsyncKvNamespace handle) -> Frame {
    (void)co_await handle.get("k");
    resumed = true;
  };
  const Frame frame = wait(kv);
  held.transport->wait_for(1);
  frame.handle.destroy();
  auto other = kv.get("other").as_future();
  held.transport->wait_for(2);
  held.transport->answer_all("v");
  CHECK(other.get() == "v");
  CHECK_FALSE(resumed);
}

TEST_CASE("when_all gives one result for each, in order, and tasks pass on what they throw") {
  Scripted s;
  s.fake->answer_with([](const cf::testing::SentRequest& r) {
    const bool bad = r.url.ends_with("/3");
    return bad ? refused(403, 10000, "no") : value(r.url.substr(r.url.rfind('/') + 1));
  });
  const auto kv = s.kv().async();
  const auto read = [&]() -> cf::Task<std::vector<cf::Result<Value>>> {
    std::vector<cf::Operation<Value>> reads;
    for (int i = 0; i < 6; ++i) reads.push_back(kv.get(std::to_string(i)));
    co_return co_await cf::when_all(std::move(reads));
  };
  const auto results = cf::sync_wait(read());
  REQUIRE(results.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(results[i].has_value() == (i != 3));
  CHECK(results[5].value() == "5");
  CHECK(results[3].error().kind() == cf::ErrorKind::unauthorized);

  const auto none = []() -> cf::Task<std::size_t> {
    std::vector<cf::Task<int>> tasks;
    const auto all = co_await cf::when_all(std::move(tasks));
    co_return all.size();
  };
  CHECK(cf::sync_wait(none()) == 0);

  struct Mine {};
  const auto thrower = [](bool throws) -> cf::Task<int> {
    if (throws) throw Mine();
    co_return 7;
  };
  const auto both = [&]() -> cf::Task<std::vector<cf::Result<int>>> {
    std::vector<cf::Task<int>> tasks;
    tasks.push_back(thrower(false));
    tasks.push_back(thrower(true));
    co_return co_await cf::when_all(std::move(tasks));
  };
  const auto outcome = cf::sync_wait(both());
  CHECK(outcome[0].value() == 7);
  CHECK_THROWS_AS(outcome[1].value(), Mine);
  CHECK_THROWS_AS(cf::sync_wait(thrower(true)), Mine);
}

TEST_CASE("twenty thousand awaits in a row need no stack") {
  struct Instant final : cf::Transport {
    cf::HttpResponse send(const cf::HttpRequest&, const cf::TransferLimits&) override {
      return {.status = 200, .body = "v"};
    }
  };
  const cf::ApiClient client(cf::ApiToken("t"), {.account_id = "a", .transport = std::make_shared<Instant>()});
  const auto loop = [](cf::AsyncKvNamespace kv) -> cf::Task<int> {
    int hits = 0;
    for (int i = 0; i < 20'000; ++i) {
      const Value got = co_await kv.get("k");
      if (got == "v") ++hits;
    }
    co_return hits;
  };
  CHECK(cf::sync_wait(loop(client.kv("ns").async())) == 20'000);
}

TEST_CASE("sync_wait returns when the coroutine and its handles are gone: the client then ends on this thread") {
  const std::size_t before = threads_of_this_process();
  for (int i = 0; i < 200; ++i) {
    const auto read = [](cf::AsyncKvNamespace kv) -> cf::Task<Value> { co_return co_await kv.get("k"); };
    const auto both = [&](cf::AsyncKvNamespace kv) -> cf::Task<std::size_t> {
      std::vector<cf::Task<Value>> tasks;
      tasks.push_back(read(kv));
      tasks.push_back(read(kv));
      const auto values = co_await cf::when_all(std::move(tasks));
      co_return values.size();
    };
    Scripted s;
    s.fake->answer_with([](const auto&) { return value("v"); });
    auto kv = std::make_unique<cf::AsyncKvNamespace>(s.kv().async());
    CHECK(cf::sync_wait(both(*kv)) == 2);
    kv.reset();
    CHECK(threads_of_this_process() == before);
  }
}
