// What an Operation promises: how it begins, where and how often it completes, what it owns.

#include <set>
#include <string>

#include "async_support.hpp"

using namespace async_tests;

TEST_CASE("start, as_future, co_await and as_result give the same value") {
  const Scripted s({value("a"), value("b"), value("c"), value("d")});
  const auto kv = s.kv().async();
  std::promise<cf::Result<Value>> called;
  kv.get("k").start([&](cf::Result<Value> result) { called.set_value(std::move(result)); });
  CHECK(called.get_future().get().value() == "a");
  CHECK(kv.get("k").as_future().get() == "b");
  CHECK(cf::sync_wait(kv.get("k")) == "c");
  const auto checked = [](cf::AsyncKvNamespace handle) -> cf::Task<cf::Result<Value>> {
    co_return co_await handle.get("k").as_result();
  };
  CHECK(cf::sync_wait(checked(kv)).value() == "d");
}

TEST_CASE("a failure is an Error in every form of completion") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return refused(404, 10013, "namespace not found"); });
  const auto kv = s.kv().async();
  std::promise<cf::ErrorKind> called;
  kv.get("k").start([&](const cf::Result<Value>& result) { called.set_value(result.error().kind()); });
  CHECK(called.get_future().get() == cf::ErrorKind::not_found);
  CHECK(error_of([&] { (void)kv.put("k", "v").as_future().get(); }).kind() == cf::ErrorKind::not_found);
  CHECK(error_of([&] { cf::sync_wait(kv.put("k", "v")); }).code() == cf::ErrorCode::kv_namespace_not_found);
}

TEST_CASE("an operation that is dropped before it begins sends nothing") {
  const Scripted s;
  { [[maybe_unused]] const auto operation = s.kv().async().put("k", "v"); }
  CHECK(s.count() == 0);
}

TEST_CASE("what is refused before any request completes on the I/O thread, too, and never inside start()") {
  const Scripted s({value("v")});
  const auto kv = s.kv().async();
  Results<Value> results;
  kv.get("").start(results.callback());
  kv.get("k").start(results.callback());
  results.wait_for(2);
  CHECK(results.at(0).error().kind() == cf::ErrorKind::invalid_argument);
  CHECK(results.at(1).value() == "v");
  CHECK(results.thread(0) != std::this_thread::get_id());
  CHECK(results.thread(0) == results.thread(1));
}

TEST_CASE("a client has one I/O thread, begun by the first operation and ended with the client") {
  const std::size_t before = threads_of_this_process();
  {
    Scripted s;
    s.fake->answer_with([](const auto&) { return value("v"); });
    const auto client = s.client();
    CHECK(client.kv("ns").get("k") == "v");
    CHECK(threads_of_this_process() == before);
    Results<Value> results;
    const auto kv = client.kv("ns").async();
    const auto other = client.with({.timeout = 1s}).kv("other").async();
    for (int i = 0; i < 50; ++i) (i % 2 == 0 ? kv : other).get("k").start(results.callback());
    CHECK(threads_of_this_process() == before + 1);
    results.wait_for(50);
    CHECK(threads_of_this_process() == before + 1);
    std::set<std::thread::id> seen;
    for (std::size_t i = 0; i < 50; ++i) seen.insert(results.thread(i));
    CHECK(seen.size() == 1);
  }
  CHECK(threads_of_this_process() == before);
}

TEST_CASE("an operation owns its arguments: the originals may be destroyed before it begins") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok(R"({"successful_key_count":2,"unsuccessful_keys":[]})"); });
  const auto kv = s.kv().async();
  auto entries = std::make_unique<std::vector<cf::kv::Entry>>();
  entries->push_back({.key = "first key, long enough not to be stored in place", .value = "one"});
  entries->push_back({.key = "second key, long enough not to be stored in place", .value = "two"});
  auto key = std::make_unique<std::string>("third key, long enough not to be stored in place");
  auto many = kv.put_many(*entries);
  auto one = kv.put(*key, "three");
  entries.reset();
  key.reset();
  CHECK(cf::sync_wait(std::move(many)).complete());
  cf::sync_wait(std::move(one));
  const auto sent = s.fake->requests();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].body.find("second key, long") != std::string::npos);
  CHECK(sent[1].url.find("third%20key") != std::string::npos);
}

TEST_CASE("resume_on completes through the executor, futures and coroutines included") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return value("v"); });
  const auto kv = s.kv().async();
  std::mutex mutex;
  std::vector<std::function<void()>> posted;
  const cf::Executor executor = [&](std::function<void()> f) {
    const std::lock_guard lock(mutex);
    posted.push_back(std::move(f));
  };
  std::optional<std::thread::id> resumed_on;
  const auto coroutine = [&](cf::AsyncKvNamespace handle) -> cf::Task<Value> {
    Value got = co_await handle.get("k").resume_on(executor);
    resumed_on = std::this_thread::get_id();
    co_return got;
  };
  auto future = kv.get("k").resume_on(executor).as_future();
  cf::detail::fulfil(coroutine(kv), std::promise<Value>());
  const auto run_posted = [&] {
    for (;;) {
      const std::lock_guard lock(mutex);
      if (posted.size() == 2) break;
    }
    for (auto& f : posted) f();
  };
  CHECK(future.wait_for(0s) == std::future_status::timeout);
  run_posted();
  CHECK(future.get() == "v");
  CHECK(resumed_on == std::this_thread::get_id());
}

TEST_CASE("an executor that throws loses no completion") {
  const Scripted s({value("v")});
  const auto broken = [](const std::function<void()>&) { throw std::runtime_error("no room"); };
  CHECK(s.kv().async().get("k").resume_on(broken).as_future().get() == "v");
}

TEST_CASE("what a callback throws reaches the log hook, and other operations go on") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return value("v"); });
  std::mutex mutex;
  std::vector<std::string> events;
  const auto client = s.client({.log = [&](const cf::LogRecord& record) {
    const std::lock_guard lock(mutex);
    events.emplace_back(record.event);
  }});
  const auto kv = client.kv("ns").async();
  Results<Value> results;
  kv.get("a").start([](const cf::Result<Value>&) { throw std::runtime_error("mine"); });
  kv.get("b").start(results.callback());
  results.wait_for(1);
  CHECK(results.at(0).value() == "v");
  const std::lock_guard lock(mutex);
  CHECK(events == std::vector<std::string>{"callback"});
}

TEST_CASE("what a progress callback throws reaches the awaiting coroutine as it was thrown") {
  struct Mine {};
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok(R"({"successful_key_count":1,"unsuccessful_keys":[]})"); });
  cf::BulkOptions options;
  options.on_progress = [](const cf::BulkProgress&) { throw Mine(); };
  std::vector<cf::kv::Entry> entries(1);
  entries[0].key = "k";
  CHECK_THROWS_AS(cf::sync_wait(s.kv().async().put_many(entries, options)), Mine);
}

TEST_CASE("a callback may begin further operations and make blocking calls") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return value("v"); });
  const auto handle = s.kv();
  std::promise<int> done;
  std::atomic<int> blocking{0};
  const std::function<void(int)> step = [&](int n) {
    handle.async().get("k").start([&, n](const cf::Result<Value>& result) {
      if (result.value() == "v" && n % 10 == 0 && handle.get("k") == "v") ++blocking;
      n == 200 ? done.set_value(n) : step(n + 1);
    });
  };
  step(1);
  CHECK(done.get_future().get() == 200);
  CHECK(blocking == 20);
  CHECK(s.count() == 220);
}

TEST_CASE("retries, pauses and the deadline are the same as in blocking calls") {
  FakeReply later = refused(503, 0, "later");
  later.headers = {{"Retry-After", "7"}};
  const Scripted s({later, value("v"), later});
  const auto before = s.fake->clock()->now();
  CHECK(s.kv().async().get("k").as_future().get() == "v");
  CHECK(s.fake->clock()->now() - before == 7s);
  const auto error = error_of([&] { (void)s.kv().with({.timeout = 5s}).async().get("k").as_future().get(); });
  CHECK(error.retry_after() == 7s);
}

TEST_CASE("the same operations in the asynchronous view: composed ones, pages, the account, any request") {
  Scripted s;
  s.fake->answer_with([](const cf::testing::SentRequest& r) -> FakeReply {
    if (r.url.find("/metadata/") != std::string::npos) return ok(R"({"lang":"en"})");
    if (r.url.find("/values/") != std::string::npos) return value("text");
    if (r.url.find("cursor=c2") != std::string::npos) return ok(R"([{"name":"b"}])", R"({"cursor":""})");
    if (r.url.find("/keys") != std::string::npos) return ok(R"([{"name":"a"}])", R"({"cursor":"c2"})");
    if (r.url.find("/bulk/get") != std::string::npos) return ok(R"({"values":{"a":"1","b":null}})");
    if (r.url.find("/tokens/verify") != std::string::npos) return ok(R"({"id":"t","status":"active"})");
    if (r.url.find("/zones") != std::string::npos) return ok(R"([1,2])");
    return ok(R"([{"id":"n1","title":"one"},{"id":"n2","title":"two"}])");
  });
  const auto client = s.client();
  const auto use = [](cf::ApiClient c) -> cf::Task<> {
    const auto kv = c.kv("ns").async();
    const auto both = co_await kv.get_with_metadata("k");
    CHECK(both.value().value == "text");
    CHECK(both.value().metadata.text() == R"({"lang":"en"})");
    std::string names;
    auto pages = kv.pages();
    while (const auto page = co_await pages.next()) names += page->keys.at(0).name;
    CHECK(names == "ab");
    const std::vector<std::string> keys = {"a", "b"};
    const auto values = co_await kv.get_many(keys);
    CHECK(values.values.at(0).value().value == "1");
    CHECK_FALSE(values.values.at(1).has_value());
    const auto found = co_await c.kv_namespaces().async().find("two");
    CHECK(found.value().id == "n2");
    const auto token = co_await c.async().verify_token();
    CHECK(token.status == "active");
    const auto zones = co_await c.async().request("GET", "/zones");
    CHECK(zones.size() == 2);
  };
  cf::sync_wait(use(client));
  CHECK(s.fake->problems().empty());
}

TEST_CASE("asynchronous operations over a transport that blocks run in turn on the one thread") {
  struct Blocking final : cf::Transport {
    std::atomic<int> inside{0}, most{0};
    std::thread::id thread{};
    cf::HttpResponse send(const cf::HttpRequest&, const cf::TransferLimits&) override {
      most = std::max(most.load(), ++inside);
      thread = std::this_thread::get_id();
      --inside;
      return {.status = 200, .body = "v"};
    }
  };
  const auto transport = std::make_shared<Blocking>();
  const cf::ApiClient client(cf::ApiToken("t"), {.account_id = "a", .transport = transport});
  Results<Value> results;
  for (int i = 0; i < 100; ++i) client.kv("ns").async().get("k").start(results.callback());
  results.wait_for(100);
  CHECK(transport->most == 1);
  CHECK(transport->thread == results.thread(0));
}

TEST_CASE("an operation begun by a hook on the I/O thread goes out at once") {
  const Held held;
  std::optional<cf::AsyncKvNamespace> kv;
  Results<void> second;
  cf::ClientOptions options{.backoff_base = 1ms, .backoff_cap = 1ms, .log_level = cf::LogLevel::debug};
  options.log = [&](const cf::LogRecord& record) {
    if (record.event == "request" && record.operation == "kv.get" && record.attempt == 2)
      kv->put("b", "v").start(second.callback());
  };
  kv = held.client(options).kv("ns").async();
  auto first = kv->get("a").as_future();
  held.transport->wait_for(1);
  held.transport->answer_all("later", 503);  // the second attempt begins by a timer: nothing else wakes the thread
  held.transport->wait_for(2);
  held.transport->answer_all(R"({"success":true,"errors":[],"messages":[],"result":null})");
  second.wait_for(1);
  CHECK(second.at(0).has_value());
  CHECK(first.get().has_value());
}

TEST_CASE("D1 in the asynchronous view: rows, one value, a batch, packed inserts that own their rows, the account") {
  Scripted s;
  s.fake->answer_with([](const cf::testing::SentRequest& r) -> FakeReply {
    const std::string meta = R"("meta":{"changes":2,"rows_read":0,"rows_written":2},"success":true)";
    if (r.url.ends_with("/raw")) return ok(R"([{"results":{"columns":["n"],"rows":[[7]]},)" + meta + "}]");
    if (r.url.ends_with("/query")) return ok(R"([{"results":[],)" + meta + "}]");
    return ok(R"([{"uuid":"u1","name":"one"},{"uuid":"u2","name":"two"}])");
  });
  const auto use = [](cf::ApiClient c) -> cf::Task<> {
    const auto db = c.d1("00000000-0000-4000-8000-000000000001").async();
    std::string sql = "SELECT n FROM a_table_with_a_name_that_is_not_short";
    auto read = db.query<std::int64_t>(sql);
    sql.clear();
    const auto rows = co_await std::move(read);
    CHECK(std::get<0>(*rows.begin()) == 7);
    const auto one = co_await db.query_value<std::int64_t>("SELECT n FROM t");
    CHECK(one == 7);
    auto source = std::make_unique<std::vector<std::tuple<int, std::string>>>();
    source->emplace_back(1, "a text that is long enough not to be stored in place");
    source->emplace_back(2, "two");
    auto insert = db.insert_many("t", {"id", "name"}, *source);
    source.reset();
    const auto inserted = co_await std::move(insert);
    CHECK(inserted.complete());
    const auto found = co_await c.d1_databases().async().find("two");
    CHECK(found.value().uuid == "u2");
  };
  cf::sync_wait(use(s.client()));
  const auto sent = s.fake->requests();
  REQUIRE(sent.size() == 4);
  CHECK(sent[0].body.find("a_table_with_a_name") != std::string::npos);
  CHECK(sent[2].body.find("long enough") != std::string::npos);
}
