// Many threads on one embedded store.
#include <atomic>
#include <thread>

#include "local_kv_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded store: threads that write, read, list and erase at once lose nothing") {
  LocalApi api;
  LocalKv kv(api);
  constexpr int threads = 8;
  constexpr int rounds = 60;
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t)
      workers.emplace_back([&, t] {
        const auto send = [&](const char* method, const std::string& rest, const std::string& body = {}) {
          return api.service.handle({.method = method,
                                     .url = "http://127.0.0.1/client/v4/accounts/local" + kv.path + rest,
                                     .headers = {{"Authorization", "Bearer t"}},
                                     .body = body});
        };
        for (int i = 0; i < rounds; ++i) {
          const std::string name = std::to_string(t) + "-" + std::to_string(i);
          if (send("PUT", "/values/" + name, name).status != 200) ++wrong;
          if (send("GET", "/values/" + name).body != name) ++wrong;
          if (send("GET", "/keys?prefix=" + std::to_string(t) + "-").status != 200) ++wrong;
          const std::string pair = R"([{"key":"bulk-)" + name + R"(","value":"v"}])";
          if (send("PUT", "/bulk", pair).status != 200) ++wrong;
          if (send("DELETE", "/values/" + name).status != 200) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  CHECK(kv.keys("?prefix=bulk-").result().size() == threads * rounds);
  CHECK(kv.names().size() == threads * rounds);
}
