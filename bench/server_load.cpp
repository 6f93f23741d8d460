// server_load BASE_URL KV_ID D1_ID TASK COUNT: asks a local server COUNT times from four threads. With "new" for the
// ids it creates namespace and database. TASK is prepare, which prints both ids, kv-get, kv-put, kv-bulk, d1-query or
// d1-insert.
#include <cloudflare/cloudflare.hpp>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "counting.hpp"
#include "measure.hpp"

namespace {

namespace cf = cloudflare;

constexpr std::int64_t rows = 1'000;
const std::string value(1'000, 'v');

std::string key_of(long i) { return "customers/" + std::to_string(i % rows) + "/profile"; }

void prepare(const cf::KvNamespace& kv, const cf::D1Database& db) {
  if (!kv.put_many(bench::pairs(rows, value.size())).complete()) throw std::runtime_error("the values were not stored");
  for (long i = 0; i < rows; ++i) kv.put(key_of(i), value);
  db.execute("DROP TABLE IF EXISTS t");
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price REAL)");
  const auto row = [](std::uint64_t i) {
    return cf::d1::Params{static_cast<std::int64_t>(i), "item " + std::to_string(i), 0.5};
  };
  if (db.insert_many("t", {"id", "name", "price"}, bench::Numbered(rows, row)).committed != rows)
    throw std::runtime_error("the rows were not stored");
}

void expect(bool good) {
  if (!good) throw std::runtime_error("a reply is not what was stored");
}

using Task = std::function<void(const cf::KvNamespace& kv, const cf::D1Database& db, long i)>;

const std::map<std::string, Task> tasks{
    {"kv-get", [](const auto& kv, const auto&, long i) { expect(kv.get(key_of(i)) == value); }},
    {"kv-put", [](const auto& kv, const auto&, long i) { kv.put(key_of(i), value); }},
    {"kv-bulk", [](const auto& kv, const auto&, long) { expect(kv.put_many(bench::pairs(100)).complete()); }},
    {"d1-query",
     [](const auto&, const auto& db, long i) {
       const auto found = db.template query<std::int64_t, std::string, double>(
           "SELECT id, name, price FROM t WHERE id BETWEEN ? AND ? + 9", {i % (rows - 10), i % (rows - 10)});
       expect(found.size() == 10);
     }},
    {"d1-insert",
     [](const auto&, const auto& db, long) {
       db.execute("INSERT INTO t (name, price) VALUES (?, ?)", {"new", 1.5});
     }},
};

void load(const Task& task, const cf::KvNamespace& kv, const cf::D1Database& db, long count) {
  std::atomic<long> next{0};
  std::atomic<bool> failed{false};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      try {
        for (long i = next++; i < count; i = next++) task(kv, db, i);
      } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        failed = true;
      }
    });
  threads.clear();
  expect(!failed);
}

int run(char** argv) {
  const cf::ApiClient client(cf::ApiToken("test-token"),
                             {.account_id = "0123456789abcdef0123456789abcdef", .base_url = argv[1]});
  const bool fresh = std::strcmp(argv[2], "new") == 0;
  const auto kv = client.kv(fresh ? client.kv_namespaces().create("bench").id : argv[2]);
  const auto db = client.d1(fresh ? client.d1_databases().create("bench").uuid : argv[3]);
  if (std::strcmp(argv[4], "prepare") == 0) {
    prepare(kv, db);
    std::cout << kv.id() << ' ' << db.id() << '\n';
  } else {
    load(tasks.at(argv[4]), kv, db, std::atol(argv[5]));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return argc < 6 ? 2 : run(argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
