// local-insert: writing to the embedded store in memory, and reading from it, against prepared statements of SQLite
// alone: rows with insert_many in one call, and keys one call each.
#include <cloudflare/local.hpp>

#include <cloudflare/cloudflare.hpp>

#include <string>
#include <vector>

#include "baseline/sqlite_store.hpp"
#include "measure.hpp"
#include "support/numbered.hpp"

namespace {

constexpr int rows = 20'000;
constexpr int keys = 2'000;
constexpr int rounds = 9;

std::vector<baseline::Item> items() {
  std::vector<baseline::Item> all;
  for (int i = 0; i < rows; ++i)
    all.push_back({i, "item number " + std::to_string(i), i * 0.37, std::string(40, static_cast<char>('a' + i % 26))});
  return all;
}

cloudflare::d1::Params params_of(const baseline::Item& item) { return {item.id, item.name, item.price, item.note}; }

void insert_rows() {
  const auto all = items();
  bench::Least ours;
  bench::Least theirs;
  for (int round = 0; round < rounds; ++round) {
    cloudflare::local::Cloudflare cloud;
    const auto client = cloud.client();
    const auto db = client.d1(client.d1_databases().create("items").uuid);
    db.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, note TEXT)");
    ours.round([&] {
      const auto done = db.insert_many("items", {"id", "name", "price", "note"},
                                       cloudflare_tests::Numbered(rows, [&](auto i) { return params_of(all[i]); }));
      if (done.committed != rows) throw std::runtime_error("rows are missing");
    });
    baseline::SqliteStore sqlite;
    theirs.round([&] {
      sqlite.execute("BEGIN");
      for (const auto& item : all) sqlite.insert(item);
      sqlite.execute("COMMIT");
    });
  }
  bench::print("sqlite/insert", ours, theirs, ">=0.3");
}

void put_and_get() {
  std::vector<std::string> names;
  for (int i = 0; i < keys; ++i) names.push_back("customers/" + std::to_string(i) + "/profile");
  const std::string value(1'000, 'v');
  bench::Least put, their_put, get, their_get;
  for (int round = 0; round < rounds; ++round) {
    cloudflare::local::Cloudflare cloud;
    const auto client = cloud.client();
    const auto kv = client.kv(client.kv_namespaces().create("values").id);
    put.round([&] {
      for (const auto& name : names) kv.put(name, value);
    });
    get.round([&] {
      for (const auto& name : names)
        if (kv.get(name) != value) throw std::runtime_error("a value is missing");
    });
    baseline::SqliteStore sqlite;
    their_put.round([&] {
      for (const auto& name : names) sqlite.put(name, value);
    });
    their_get.round([&] {
      for (const auto& name : names)
        if (sqlite.get(name) != value) throw std::runtime_error("a value is missing");
    });
  }
  bench::print("sqlite/put", put, their_put, ">=0.5");
  bench::print("sqlite/get", get, their_get, ">=0.35");
}

void run() {
  insert_rows();
  put_and_get();
}

}  // namespace

int main() { return bench::reported(run); }
