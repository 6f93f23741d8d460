// Backups of a KV namespace and a D1 database as files, and what they give back after an accident.
//
//   example_backup_restore FOLDER

#include <cloudflare/d1.hpp>
#include <cloudflare/files.hpp>
#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <cstdio>
#include <filesystem>

namespace cf = cloudflare;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? argv[1] : "backup";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const std::string pairs = (folder / "pairs.ndjson").string();
  const std::string dump = (folder / "database.sql").string();

  cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create("pages").id);
  cf::D1Database db = client.d1(client.d1_databases().create("orders").uuid);
  kv.put("page/1", "first", {.metadata = {{"author", "ada"}}});
  kv.put("page/2", std::string("\x00\xFF", 2));  // bytes come back as bytes
  (void)db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT); INSERT INTO orders (item) VALUES ('tea')");

  // An export that is interrupted continues where it stopped when it is called again.
  const cf::kv::ExportResult exported = cf::kv::export_to(kv, pairs);
  (void)db.export_to_file(dump, {.poll_interval = 50ms});
  std::printf("exported %d keys\n", static_cast<int>(exported.keys));

  kv.erase("page/1");
  kv.put("page/2", "overwritten");
  (void)db.execute("DROP TABLE orders");
  const cf::kv::CompareResult lost = cf::kv::compare(kv, pairs);
  for (const cf::kv::Difference& each : lost.differences)
    std::printf("%s %s\n", each.key.c_str(), each.only_in_second ? "is lost" : "differs");

  const cf::ImportResult imported = cf::kv::import_from(kv, pairs);
  (void)db.import_file(dump, {.poll_interval = 50ms});
  std::printf("imported %d keys, equal: %s\n", static_cast<int>(imported.loaded),
              cf::kv::compare(kv, pairs).equal() ? "yes" : "no");
  std::printf("orders: %s\n", db.query_value<std::string>("SELECT item FROM orders")->c_str());
}
