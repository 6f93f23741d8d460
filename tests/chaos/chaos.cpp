// Mixed operations from eight threads against cloudflare-local, through a proxy that spoils connections, and in one
// mode with SIGKILL of the server. Afterwards the store must hold what was acknowledged, once, and nothing that was
// refused.
//
//   chaos PROGRAM OPERATIONS SEED [kill] [lose|double]
//
// "lose" and "double" break the promise on purpose, to show that it is noticed.

#include <cloudflare/cloudflare.hpp>

#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "chaos/proxy.hpp"
#include "support/process.hpp"

namespace {

namespace cf = cloudflare;
using namespace std::chrono_literals;

enum class Fate : std::uint8_t { acknowledged, refused, unknown };

Fate fate_of(const cf::Error& error) { return error.outcome_unknown() ? Fate::unknown : Fate::refused; }

template <class Call>
Fate run(Call call) {
  try {
    call();
    return Fate::acknowledged;
  } catch (const cf::Error& error) {
    return fate_of(error);
  }
}

/// The server in a process of its own, on one port and folder for all its lives.
class Server {
 public:
  Server(std::string program, std::string folder) : program_(std::move(program)), folder_(std::move(folder)) {
    start();
  }
  ~Server() { kill(); }
  void restart() {
    kill();
    start();
  }
  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  void start() {
    const std::string log = folder_ + ".log";
    child_ = std::make_unique<support::Child>(
        std::vector<std::string>{program_, "--quiet", "--token", "test-token", "--data", folder_, "--port",
                                 std::to_string(port_), "--allow-host", "127.0.0.1"},
        support::Inheritance{.output = log});
    for (int i = 0; i < 2'000; ++i) {
      std::this_thread::sleep_for(5ms);
      const std::string text = support::read_file(log);
      if (const auto at = text.find("127.0.0.1:");
          at != std::string::npos && text.find('\n', at) != std::string::npos) {
        port_ = std::stoi(text.substr(at + 10));
        return;
      }
    }
    throw std::runtime_error("the server does not begin: " + support::read_file(log));
  }
  void kill() {
    child_->send(SIGKILL);
    (void)child_->wait();
  }

  std::string program_;
  std::string folder_;
  int port_ = 0;
  std::unique_ptr<support::Child> child_{};
};

cf::ApiClient client_at(int port) {
  cf::ClientOptions options;
  options.account_id = "local";
  options.base_url = "http://127.0.0.1:" + std::to_string(port) + "/client/v4";
  options.timeout = 5s;
  options.connect_timeout = 2s;
  options.stall_timeout = 3s;
  options.backoff_base = 1ms;
  options.backoff_cap = 20ms;
  options.rate_budget = false;
  return cf::ApiClient(cf::ApiToken("test-token"), options);
}

/// What one thread did, by the names of its keys, rows and vectors.
struct Ledger {
  std::map<std::string, Fate> keys{}, vectors{};
  std::map<std::string, Fate> erased{};
  std::map<std::int64_t, Fate> rows{};
  std::int64_t increments = 0, maybe_increments = 0;
};

struct Names {
  std::string ns{}, database{};
};

void work(const cf::ApiClient& client, const Names& names, int thread, std::uint64_t seed, int operations, Ledger& did,
          std::atomic<int>& done, const std::string& broken) {
  std::mt19937_64 random(seed * 64 + static_cast<std::uint64_t>(thread));
  const cf::KvNamespace kv = client.kv(names.ns);
  const cf::D1Database db = client.d1(names.database);
  const cf::VectorizeIndex index = client.vectorize("docs", 2);
  std::vector<std::string> old;
  for (int i = 0; i < operations; ++i, ++done) {
    const std::string name = std::to_string(thread) + "-" + std::to_string(i);
    switch (random() % 8) {
      case 0:
      case 1:
        did.keys[name] =
            broken == "lose" && random() % 100 == 0 ? Fate::acknowledged : run([&] { kv.put(name, "v" + name); });
        if (did.keys[name] == Fate::acknowledged) old.push_back(name);
        break;
      case 2: {
        std::vector<cf::kv::Entry> entries;
        for (int k = 0; k < 5; ++k)
          entries.push_back({.key = name + "." + std::to_string(k), .value = "v" + name + "." + std::to_string(k)});
        for (const auto& entry : entries) did.keys[entry.key] = Fate::acknowledged;
        const auto result = kv.checked().put_many(entries);
        if (!result) {  // refused before the first request
          for (const auto& entry : entries) did.keys[entry.key] = Fate::refused;
          break;
        }
        for (const auto& failure : result->failed) did.keys[failure.name] = fate_of(failure.error);
        break;
      }
      case 3:
        // An old key, so that no attempt to write it is still under way.
        if (old.size() > 20 && !did.erased.contains(old[old.size() - 20]))
          did.erased[old[old.size() - 20]] = run([&] { kv.erase(old[old.size() - 20]); });
        break;
      case 4: {
        const std::int64_t id = thread * 10'000'000LL + i;
        const auto insert = [&] { db.execute("INSERT INTO t VALUES (?)", {id}); };
        did.rows[id] = run(insert);
        if (broken == "double" && random() % 50 == 0) (void)run(insert);
        break;
      }
      case 5: {
        const Fate fate = run([&] { db.execute("UPDATE counters SET n = n + 1 WHERE id = ?", {thread}); });
        ++(fate == Fate::unknown ? did.maybe_increments : did.increments);
        if (fate == Fate::refused) --did.increments;
        break;
      }
      case 6: {
        const std::vector<cf::vectorize::Vector> vector{{.id = name, .values = {1, 2}}};
        did.vectors[name] = run([&] { (void)index.upsert(vector); });
        break;
      }
      default:
        if (!old.empty() && !did.erased.contains(old.back())) {
          const auto got = kv.checked().get(old.back());
          if (got && *got != "v" + old.back()) did.keys["lost " + old.back()] = Fate::acknowledged;
        }
    }
  }
}

/// Compares the store with what was done, and prints what is wrong.
class Audit {
 public:
  Audit(const cf::ApiClient& client, const Names& names) {
    const auto kv = client.kv(names.ns);
    std::vector<std::string> keys;
    for (const auto& key : kv.list()) keys.push_back(key.name);
    const auto values = kv.get_many(keys).values;
    for (std::size_t i = 0; i < keys.size(); ++i) keys_[keys[i]] = values[i] ? values[i]->value : "";
    for (const auto& [id, n] :
         client.d1(names.database).query<std::int64_t, int>("SELECT id, count(*) FROM t GROUP BY id"))
      rows_[id] = n;
    for (const auto& [id, n] : client.d1(names.database).query<int, std::int64_t>("SELECT id, n FROM counters"))
      counters_[id] = n;
    for (const auto& vector : client.vectorize("docs").list()) vectors_.insert(vector.id);
  }
  void check(int thread, const Ledger& did) {
    for (const auto& [key, fate] : did.keys) {
      const auto erased = did.erased.find(key);
      const bool gone = erased != did.erased.end() && erased->second == Fate::acknowledged;
      const bool maybe = fate == Fate::unknown || (erased != did.erased.end() && erased->second == Fate::unknown);
      see("key", key, fate, keys_.contains(key), !gone && fate == Fate::acknowledged, maybe);
      if (keys_.contains(key) && keys_[key] != "v" + key) wrong("key " + key + " has another value");
    }
    for (const auto& [id, fate] : did.rows) {
      see("row", std::to_string(id), fate, rows_.contains(id), fate == Fate::acknowledged, fate == Fate::unknown);
      if (rows_.contains(id) && rows_[id] > 1)
        wrong("row " + std::to_string(id) + " is there " + std::to_string(rows_[id]) + " times");
    }
    for (const auto& [id, fate] : did.vectors)
      see("vector", id, fate, vectors_.contains(id), fate == Fate::acknowledged, fate == Fate::unknown);
    if (counters_[thread] < did.increments || counters_[thread] > did.increments + did.maybe_increments)
      wrong("counter " + std::to_string(thread) + " is " + std::to_string(counters_[thread]) + ", acknowledged " +
            std::to_string(did.increments) + ", unknown " + std::to_string(did.maybe_increments));
  }
  [[nodiscard]] int mistakes() const noexcept { return mistakes_; }
  std::array<std::uint64_t, 3> fates{};

 private:
  void see(const char* what, const std::string& name, Fate fate, bool there, bool must, bool may) {
    ++fates[static_cast<std::size_t>(fate)];
    if (must && !there && !may) wrong(std::string(what) + " " + name + " was acknowledged and is lost");
    if (!must && there && !may) wrong(std::string(what) + " " + name + " was refused or erased and is there");
  }
  void wrong(const std::string& text) {
    if (++mistakes_ <= 10) std::cout << "WRONG: " << text << '\n';
  }
  std::map<std::string, std::string> keys_{};
  std::map<std::int64_t, int> rows_{};
  std::map<int, std::int64_t> counters_{};
  std::set<std::string> vectors_{};
  int mistakes_ = 0;
};

int run_all(const std::string& program, int operations, std::uint64_t seed, bool kills, const std::string& broken) {
  constexpr int threads = 8;
  ::alarm(60 + static_cast<unsigned>(operations) / 20);  // a hang ends the program
  const support::TemporaryFolder folder;
  Server server(program, folder.file("store"));
  const cf::ApiClient direct = client_at(server.port());
  const Names names{direct.kv_namespaces().create("chaos").id, direct.d1_databases().create("chaos").uuid};
  direct.d1(names.database).execute("CREATE TABLE t (id INTEGER); CREATE TABLE counters (id INTEGER, n INTEGER)");
  for (int i = 0; i < threads; ++i) direct.d1(names.database).execute("INSERT INTO counters VALUES (?, 0)", {i});
  (void)direct.vectorize_indexes().create("docs", {.dimensions = 2});

  std::array<Ledger, threads> ledgers;
  std::atomic<int> done{0};
  int killed = 0;
  const auto begin = std::chrono::steady_clock::now();
  chaos::Proxy proxy(server.port(), seed, 0.2);
  {
    const cf::ApiClient client = client_at(proxy.port());
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i)
      workers.emplace_back([&, i] {
        work(client, names, i, seed, operations / threads, ledgers[static_cast<std::size_t>(i)], done, broken);
      });
    const int step = std::max(operations / 8, 250);
    for (int next = step; kills && next < operations - step; next += step) {
      while (done < next) std::this_thread::sleep_for(2ms);
      server.restart();
      ++killed;
    }
    for (std::thread& each : workers) each.join();
  }
  Audit audit(direct, names);
  for (int i = 0; i < threads; ++i) audit.check(i, ledgers[static_cast<std::size_t>(i)]);
  const auto& counts = proxy.counts();
  std::cout << "seed " << seed << ": " << done << " operations, " << audit.fates[0] << " items acknowledged, "
            << audit.fates[1] << " refused, " << audit.fates[2] << " unknown; " << counts.connections
            << " connections, " << counts.cuts << " cut, " << counts.delays << " delayed, " << counts.duplicates
            << " half duplicates, " << killed << " kills; " << audit.mistakes() << " mistakes in "
            << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count()
            << " ms\n";
  return audit.mistakes() == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  bool kills = false;
  std::string broken;
  for (int i = 4; i < argc; ++i) {
    if (std::string_view(argv[i]) == "kill")
      kills = true;
    else
      broken = argv[i];
  }
  try {
    return run_all(argv[1], std::atoi(argv[2]), static_cast<std::uint64_t>(std::atoll(argv[3])), kills, broken);
  } catch (const std::exception& error) {
    std::cout << "WRONG: " << error.what() << '\n';
    return 1;
  }
}
