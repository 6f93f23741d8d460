// One small program in three styles: reads a setting, and stores a default where there is none.
#include <cloudflare/async.hpp>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace cf = cloudflare;
using namespace std::chrono_literals;

// [throwing]
std::string theme(const cf::KvNamespace& kv) {
  if (std::optional<std::string> stored = kv.get("theme")) return *stored;
  kv.put("theme", "light", {.ttl = 1h});
  return "light";
}
// [/throwing]

// [checked]
cf::Result<std::string> theme(const cf::CheckedKvNamespace& kv) {
  cf::Result<std::optional<std::string>> stored = kv.get("theme");
  if (!stored) return stored.error();
  if (stored->has_value()) return **stored;
  return kv.put("theme", "light", {.ttl = 1h}).transform([] { return std::string("light"); });
}
// [/checked]

// [coroutine]
cf::Task<std::string> theme(cf::AsyncKvNamespace kv) {
  if (std::optional<std::string> stored = co_await kv.get("theme")) co_return *stored;
  const cf::kv::PutOptions options{.ttl = 1h};  // named first, for g++ 12
  co_await kv.put("theme", "light", options);
  co_return "light";
}
// [/coroutine]

// [callback]
void theme(const cf::AsyncKvNamespace& kv, std::function<void(cf::Result<std::string>)> done) {
  kv.get("theme").start([kv, done](const cf::Result<std::optional<std::string>>& stored) {
    if (!stored) return done(stored.error());
    if (stored->has_value()) return done(**stored);
    kv.put("theme", "light", {.ttl = 1h}).start([done](const cf::Result<void>& put) {
      put ? done("light") : done(put.error());
    });
  });
}
// [/callback]

namespace {

using Style = std::function<std::string(const cf::KvNamespace&)>;

std::string by_callback(const cf::KvNamespace& kv) {
  std::promise<cf::Result<std::string>> promise;
  theme(kv.async(), [&](cf::Result<std::string> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get().value();
}

// [gather]
cf::Task<std::size_t> total_size(cf::AsyncKvNamespace kv, const std::vector<std::string>& keys) {
  std::vector<cf::Operation<std::optional<std::string>>> reads;
  for (const std::string& key : keys) reads.push_back(kv.get(key));
  const auto values = co_await cf::when_all(std::move(reads));  // all under way at once; one Result for each
  std::size_t total = 0;
  for (const auto& value : values)
    if (value && value->has_value()) total += (*value)->size();
  co_return total;
}
// [/gather]

// [pages]
cf::Task<std::vector<std::string>> names(cf::AsyncKvNamespace kv) {
  std::vector<std::string> names;
  auto pages = kv.pages();
  while (std::optional<cf::kv::KeyPage> page = co_await pages.next())
    for (const cf::kv::Key& key : page->keys) names.push_back(key.name);
  co_return names;
}
// [/pages]

void expect(bool right, const char* what) {
  if (right) return;
  std::cerr << "wrong: " << what << '\n';
  std::exit(1);
}

/// Checks that `style` stores the default once, reads it afterwards, and reports a namespace that does not exist.
void run(const char* name, const cf::ApiClient& client, const Style& style) {
  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create(name).id);
  std::cout << name << ": " << style(kv) << '\n';
  expect(kv.get("theme") == "light", name);
  kv.put("theme", "dark");
  expect(style(kv) == "dark", name);
  try {
    (void)style(client.kv("00000000000000000000000000000000"));
    expect(false, name);
  } catch (const cf::Error& error) {
    expect(error.code() == cf::ErrorCode::kv_namespace_not_found, name);
  }
}

}  // namespace

int main() {
  cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  run("throwing", client, [](const cf::KvNamespace& kv) { return theme(kv); });
  run("checked", client, [](const cf::KvNamespace& kv) { return theme(kv.checked()).value(); });
  run("coroutine", client, [](const cf::KvNamespace& kv) { return cf::sync_wait(theme(kv.async())); });
  run("callback", client, by_callback);

  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create("many").id);
  // [future]
  cf::Future<void> first = kv.async().put("a", "12345").as_future();
  cf::Future<void> second = kv.async().put("b", "678").as_future();  // both under way
  first.get();                                                       // throws what the put would throw
  second.get();
  // [/future]
  expect(cf::sync_wait(total_size(kv.async(), {"a", "b", "c"})) == 8, "when_all");
  expect(cf::sync_wait(names(kv.async())) == std::vector<std::string>{"a", "b"}, "pages");
}
