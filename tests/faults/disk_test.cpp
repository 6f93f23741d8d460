// The disk is full after any number of bytes: what was acknowledged is there when it has room again.

#include <cloudflare/files/kv.hpp>
#include <cloudflare/local.hpp>

#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "support/catch.hpp"
#include "support/every_operation.hpp"
#include "support/process.hpp"

namespace {

namespace cf = cloudflare;

/// No file of this process can grow beyond `bytes` while this lives; a write there fails as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

template <class Call>
bool succeeds(Call call) {
  try {
    call();
    return true;
  } catch (const cf::Error&) {
    return false;
  }
}

struct Acknowledged {
  std::vector<int> keys{}, rows{}, vectors{};
};

Acknowledged write_until_full(const std::string& folder, rlim_t bytes, std::string& ns, std::string& database) {
  Acknowledged done;
  const cf::local::Cloudflare cloud(folder);
  cf::ClientOptions options;
  options.max_attempts = 1;
  const cf::ApiClient client = cloud.client(options);
  if (ns.empty()) {
    ns = client.kv_namespaces().create("n").id;
    database = client.d1_databases().create("d").uuid;
    client.d1(database).execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text)");
    (void)client.vectorize_indexes().create("docs", {.dimensions = 2});
  }
  const FullDisk full(bytes);
  const std::string value(3'000, 'v');
  for (int i = 0; i < 12; ++i) {
    if (succeeds([&] { client.kv(ns).put("k" + std::to_string(i), value); })) done.keys.push_back(i);
    if (succeeds([&] { client.d1(database).execute("INSERT INTO t VALUES (?, ?)", {i, value}); }))
      done.rows.push_back(i);
    const std::vector<cf::vectorize::Vector> vector{{.id = std::to_string(i), .values = {1, 2}}};
    if (succeeds([&] { (void)client.vectorize("docs", 2).insert(vector); })) done.vectors.push_back(i);
  }
  return done;
}

}  // namespace

TEST_CASE("a store on a full disk refuses, and has all that it acknowledged when it is opened again") {
  std::size_t refused = 0;
  for (rlim_t bytes = 4'096; bytes < 200'000; bytes += 9'000) {
    INFO(bytes);
    const support::TemporaryFolder folder;
    std::string ns;
    std::string database;
    const Acknowledged done = write_until_full(folder.file("store"), bytes, ns, database);
    refused += 36 - done.keys.size() - done.rows.size() - done.vectors.size();
    const cf::local::Cloudflare cloud(folder.file("store"));
    const cf::ApiClient client = cloud.client();
    for (const int key : done.keys) CHECK(client.kv(ns).get("k" + std::to_string(key)).has_value());
    for (const int row : done.rows)
      CHECK(client.d1(database).query_value<int>("SELECT count(*) FROM t WHERE id = ?", {row}) == 1);
    CHECK(client.d1(database).query_value<int>("SELECT count(*) FROM t") == static_cast<int>(done.rows.size()));
    for (const int id : done.vectors) {
      const std::vector<std::string> ids{std::to_string(id)};
      CHECK(client.vectorize("docs", 2).get_by_ids(ids).size() == 1);
    }
    client.kv(ns).put("after", "v");
  }
  CHECK(refused > 50);
}

TEST_CASE("a download or an export to a full disk is an error, and leaves no file that looks whole") {
  const support::TemporaryFolder folder;
  const cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create("n").id);
  const cf::D1Database db = client.d1(client.d1_databases().create("d").uuid);
  const std::string value(50'000, 'v');
  kv.put("k", value);
  db.execute("CREATE TABLE t (text)");
  db.execute("INSERT INTO t VALUES (?)", {value});
  for (const rlim_t bytes : {0U, 1U, 100U, 4'095U, 4'096U, 40'000U, 49'999U}) {
    INFO(bytes);
    const FullDisk full(bytes);
    CHECK_FALSE(succeeds([&] { (void)kv.get_to_file("k", folder.file("value")); }));
    CHECK_FALSE(succeeds([&] { (void)db.export_to_file(folder.file("dump.sql")); }));
    CHECK_FALSE(succeeds([&] { (void)cf::kv::export_to(kv, folder.file("keys.ndjson")); }));
    CHECK_FALSE(std::filesystem::exists(folder.file("value")));
    CHECK_FALSE(std::filesystem::exists(folder.file("dump.sql")));
  }
  CHECK(kv.get_to_file("k", folder.file("value"))->size == value.size());
}
