// Many threads on one embedded store.
#include <atomic>
#include <thread>

#include "local_d1_support.hpp"
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
          return api.service.send({.method = method,
                                   .url = "http://127.0.0.1/client/v4/accounts/local" + kv.path + rest,
                                   .headers = {{"Authorization", "Bearer t"}},
                                   .body = body},
                                  {});
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

TEST_CASE("embedded store: threads that write, read, export and restore D1 lose no row and see whole transactions") {
  LocalApi api;
  const LocalD1 first(api, "first");
  const LocalD1 second(api, "second");
  constexpr int threads = 6;
  constexpr int rounds = 25;
  std::atomic<int> wrong{0};
  const auto send = [&](const char* method, const std::string& path, const std::string& body = {}) {
    return api.service.send({.method = method,
                             .url = "http://127.0.0.1/client/v4/accounts/local" + path,
                             .headers = {{"Authorization", "Bearer t"}},
                             .body = body},
                            {});
  };
  const auto sql = [&](const std::string& path, const std::string& text) {
    return send("POST", path + "/raw", Json({{"sql", text}}).dump());
  };
  for (const LocalD1* db : {&first, &second}) REQUIRE(sql(db->path, "CREATE TABLE t (a)").status == 200);
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t)
      workers.emplace_back([&, t] {
        const std::string& path = (t % 2 == 0 ? first : second).path;
        for (int i = 0; i < rounds; ++i) {
          if (sql(path, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (-1)").status != 200) ++wrong;
          // Both rows of a transaction are there, or neither.
          if (sql(path, "SELECT total(a) FROM t").body.find("\"rows\":[[0]]") == std::string::npos) ++wrong;
          if (send("GET", path + "/time_travel/bookmark").status != 200) ++wrong;
          if (i % 10 != 0) continue;
          const Json started =
              Json::parse(send("POST", path + "/export", R"({"output_format":"polling"})").body).at("result");
          const Json done =
              Json::parse(
                  send("POST", path + "/export",
                       Json({{"output_format", "polling"}, {"current_bookmark", started.at("at_bookmark")}}).dump())
                      .body)
                  .at("result");
          if (api.service.send({.method = "GET", .url = done.at("result").at("signed_url").get<std::string>()}, {})
                  .status != 200)
            ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  for (const LocalD1* db : {&first, &second})
    CHECK(sql(db->path, "SELECT count(*) FROM t").body.find("[[" + std::to_string(threads / 2 * rounds * 2) + "]]") !=
          std::string::npos);
}
