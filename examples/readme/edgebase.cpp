// [edgebase]
#include <cloudflare/edgebase.hpp>
#include <cloudflare/local.hpp>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

int main() {
  cf::local::Cloudflare cloud;  // answers EdgeBase's routes too
  cloud.serve_edgebase({.service_key = "jb_local_key", .kv = {"cache"}, .d1 = {"analytics"}});
  // With a server: auto client = cf::edgebase::Client::from_env(), or Client(url, cf::edgebase::ServiceKey(key))
  const cf::edgebase::Client client("http://127.0.0.1", cf::edgebase::ServiceKey("jb_local_key"),
                                    {.transport = cloud.transport()});

  const auto cache = client.kv("cache");
  cache.put("user:1", "cached-data", {.ttl = 5min});
  std::cout << cache.get("user:1").value_or("nothing") << '\n';

  const auto db = client.d1("analytics");
  db.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, page TEXT NOT NULL)");
  db.execute("INSERT INTO visits (page) VALUES (?)", {"/start"});
  for (const auto& [id, page] : db.query<int, std::string>("SELECT id, page FROM visits"))
    std::cout << id << ' ' << page << '\n';
}
// [/edgebase]
