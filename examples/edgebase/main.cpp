// Workers KV, D1 and Vectorize behind an EdgeBase service key. Without EDGEBASE_URL it brings a server along: the
// embedded store, which answers EdgeBase's routes in this process.

#include <cloudflare/edgebase.hpp>
#include <cloudflare/local.hpp>
#include <cstdlib>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

struct Visit {
  std::int64_t id = 0;
  std::string page{};
};

namespace {

// [either]
// Runs on a namespace of either API: KvStore is what both offer.
int count_visit(const cf::KvStore<cf::Throwing>& kv, std::string_view visitor) {
  const int visits = kv.get_as<int>(visitor).value_or(0) + 1;
  kv.put_json(visitor, visits, {.ttl = 1h});
  return visits;
}
// [/either]

cf::edgebase::Client connect() {
  if (std::getenv("EDGEBASE_URL") != nullptr) return cf::edgebase::Client::from_env();
  cf::local::Cloudflare cloud;
  cloud.serve_edgebase({.service_key = "jb_local_key",
                        .kv = {"cache"},
                        .d1 = {"analytics"},
                        .vectorize = {{.name = "docs", .dimensions = 3, .metric = "cosine"}}});
  return {"http://127.0.0.1", cf::edgebase::ServiceKey("jb_local_key"), {.transport = cloud.transport()}};
}

void run() {
  const cf::edgebase::Client client = connect();
  // [stores]
  const auto cache = client.kv("cache");
  cache.put("user:1", "cached-data", {.ttl = 5min});
  if (std::optional<std::string> hit = cache.get("user:1")) std::cout << *hit << '\n';
  for (const cf::kv::Key& key : cache.list({.prefix = "user:"})) std::cout << key.name << '\n';

  const auto db = client.d1("analytics");
  db.execute("CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY, page TEXT NOT NULL)");
  db.execute("INSERT INTO visits (page) VALUES (?)", {"/start"});
  for (const Visit& visit : db.query_as<Visit>("SELECT * FROM visits WHERE page = ?", {"/start"}))
    std::cout << visit.id << ' ' << visit.page << '\n';

  const auto docs = client.vectorize("docs");
  docs.upsert({cf::vectorize::Vector{.id = "doc-1", .values = {0.1F, 0.2F, 0.3F}}}, {.ns = "team"});
  const std::vector<float> near{0.1F, 0.2F, 0.25F};
  for (const auto& hit : docs.query(near, {.top_k = 5, .ns = "team"})) std::cout << hit.score << ' ' << hit.id << '\n';
  // [/stores]
  std::cout << count_visit(cache, "user:1:visits") << " visit\n";
}

}  // namespace

int main() {
  try {
    run();
  } catch (const cf::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
