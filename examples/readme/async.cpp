// [async]
#include <cloudflare/async.hpp>
#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

cf::Task<std::string> theme(cf::AsyncKvNamespace kv) {
  if (std::optional<std::string> stored = co_await kv.get("theme")) co_return *stored;
  const cf::kv::PutOptions options{.ttl = 1h};  // named first, for g++ 12
  co_await kv.put("theme", "light", options);
  co_return "light";
}

int main() {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();
  const cf::AsyncKvNamespace kv = client.kv(client.kv_namespaces().create("settings").id).async();
  std::cout << cf::sync_wait(theme(kv)) << '\n';

  std::future<std::optional<std::string>> later = kv.get("theme").as_future();  // or a callback: .start(function)
  std::cout << later.get().value_or("nothing") << '\n';
}
// [/async]
