// growth: how the time of a task grows with its size: n, 10 n and 100 n items, over the embedded store, and for `bulk`
// over a transport that only counts. Prints the exponent between the first and the last, which is 1 for time in
// proportion.
#include <cloudflare/local.hpp>

#include <cloudflare/cloudflare.hpp>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "counting.hpp"
#include "measure.hpp"

namespace {

constexpr std::uint64_t factor = 100;

using Task = std::function<void()>;

// The least of several rounds; small tasks are made more often.
double seconds(const Task& task, std::uint64_t times) {
  bench::Least least;
  for (int round = 0; round < 5; ++round)
    least.round([&] {
      for (std::uint64_t i = 0; i < times; ++i) task();
    });
  return least.ms() / 1e3 / static_cast<double>(times);
}

// `make(n)` prepares the task with n items.
void print(const char* name, const char* bar, const std::function<Task(std::uint64_t)>& make) {
  constexpr std::uint64_t smallest = 1'000;
  double first = 0, last = 0;
  for (std::uint64_t times = factor, n = smallest; times >= 1; times /= 10, n *= 10) {
    const Task task = make(n);
    last = seconds(task, times);
    if (first == 0) first = last;
  }
  std::printf("%s %.3f 1 exponent %s\n", name, std::log(last / first) / std::log(static_cast<double>(factor)), bar);
}

void expect(bool good) {
  if (!good) throw std::runtime_error("a result is not what was stored");
}

void run() {
  cloudflare::local::Cloudflare cloud;
  const auto client = cloud.client();
  print("list", "<=1.05", [&](std::uint64_t n) -> Task {
    const auto kv = client.kv(client.kv_namespaces().create("list-" + std::to_string(n)).id);
    expect(kv.put_many(bench::pairs(n)).complete());
    return [=] {
      std::uint64_t listed = 0;
      for (const auto& key : kv.list()) listed += key.name.empty() ? 0 : 1;
      expect(listed == n);
    };
  });
  // The names that tell a key given twice outgrow the caches.
  print("bulk", "<=1.05", [&](std::uint64_t n) -> Task {
    const auto kv = bench::client_over(std::make_shared<bench::CountingTransport>()).kv("ns");
    return [=] { expect(kv.put_many(bench::pairs(n)).complete()); };
  });
  // SQLite looks for the place of each key in a tree.
  print("store", "<=1.1", [&](std::uint64_t n) -> Task {
    const auto kv = client.kv(client.kv_namespaces().create("store-" + std::to_string(n)).id);
    return [=] { expect(kv.put_many(bench::pairs(n)).complete()); };
  });
  print("rows", "<=1.05", [&](std::uint64_t n) -> Task {
    const auto db = client.d1(client.d1_databases().create("rows-" + std::to_string(n)).uuid);
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    const auto row = [](std::uint64_t i) {
      return cloudflare::d1::Params{static_cast<std::int64_t>(i), "item " + std::to_string(i)};
    };
    expect(db.insert_many("t", {"id", "name"}, bench::Numbered(n, row)).committed == n);
    return [=] { expect(db.query<std::int64_t, std::string>("SELECT id, name FROM t").size() == n); };
  });
  print("search", "<=1.05", [&](std::uint64_t n) -> Task {
    const auto index = client.vectorize("search-" + std::to_string(n));
    client.vectorize_indexes().create(index.name(), {.dimensions = 64});
    const auto values = [](std::uint64_t i) {
      std::vector<float> v(64);
      for (std::size_t k = 0; k < v.size(); ++k) v[k] = std::sin(static_cast<float>((i + 1) * (k + 3)));
      return v;
    };
    const auto vector = [values](std::uint64_t i) { return std::pair("vector-" + std::to_string(i), values(i)); };
    expect(index.upsert_many(bench::Numbered(n, vector)).complete());
    return [=, query = values(n / 2)] { expect(index.query(query).size() == 5); };
  });
}

}  // namespace

int main() { return bench::reported(run); }
