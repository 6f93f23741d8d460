// Under faults, is anything done twice or lost? 1000 statements through a server that spoils 30 % of its replies, half
// of them after the store has executed the statement.

#include <algorithm>
#include <atomic>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "store_server.hpp"
#include "support/catch.hpp"

using namespace d1_tests;
using namespace http_test;

namespace {

constexpr int statements = 1000;
constexpr int callers = 16;
constexpr unsigned seed = 20261121;

enum class Fault { none, delayed, dropped, reset, cut_short, failed, stalled, throttled };

struct Plan {
  Fault fault = Fault::none;
  bool executed = true;
};

// The plan depends on the statement and the attempt alone, not on the order in which they arrive.
Plan plan_of(int statement, int attempt) {
  std::mt19937 random(seed + static_cast<unsigned>(statement) * 64U + static_cast<unsigned>(attempt));
  const auto draw = static_cast<unsigned>(random() % 1000);
  const bool executed = random() % 2 == 0;
  if (draw < 700) return {};
  if (draw < 720) return {Fault::delayed, true};
  if (draw < 780) return {Fault::dropped, executed};
  if (draw < 840) return {Fault::reset, executed};
  if (draw < 900) return {Fault::cut_short, executed};
  if (draw < 960) return {Fault::failed, executed};
  if (draw < 985) return {Fault::stalled, executed};
  return {Fault::throttled, false};
}

Answer spoiled(Answer answer, Fault fault) {
  switch (fault) {
    case Fault::none: break;
    case Fault::delayed: answer.stop_at = 20, answer.stop = Stop::stall, answer.stall_for = 5ms; break;
    case Fault::dropped: answer.stop_at = 0; break;
    case Fault::reset: answer.stop_at = 0, answer.stop = Stop::reset; break;
    case Fault::cut_short: answer.stop_at = support::render(answer).size() - 5; break;
    case Fault::failed: return reply(502, html, "text/html");
    case Fault::stalled: answer.stop_at = 40, answer.stop = Stop::stall; break;
    case Fault::throttled: return failure(429, 971, "please wait");
  }
  return answer;
}

/// A store behind a server that follows the plan. Statements carry their number as the only parameter.
class Faulty {
 public:
  Faulty() {
    store.direct().execute("CREATE TABLE t (id INTEGER)");
    store.server.on_request([this](const Recorded& request) {
      const int number = nlohmann::json::parse(request.body).at("params").at(0).get<int>();
      const int attempt = ++attempts_[number];
      const Plan plan = plan_of(number, attempt);
      const Answer answer = plan.executed ? store.execute(request) : success("[]");
      executed += plan.executed ? 1 : 0;
      if (plan.fault != Fault::none) ++(plan.executed ? struck_after : struck_before);
      repeated += attempt > 1 ? 1 : 0;
      return spoiled(answer, plan.fault);
    });
  }
  /// Runs `statement(db, number)` for each number, from several threads.
  template <class Statement>
  void run(int max_attempts, Statement statement) {
    const cf::D1Database db = store.db([&](cf::ClientOptions& options) {
      options.timeout = 60s;
      options.stall_timeout = 700ms;
      options.max_attempts = max_attempts;
    });
    std::atomic<int> next = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < callers; ++i)
      threads.emplace_back([&] {
        for (int number = next++; number < statements; number = next++) statement(db, number);
      });
  }

  StoreServer store{};
  int executed = 0;
  int struck_before = 0;
  int struck_after = 0;
  int repeated = 0;

 private:
  std::map<int, int> attempts_{};
};

}  // namespace

TEST_CASE("1000 INSERTs under faults: every acknowledged row is there, unknown ones perhaps, none twice") {
  Faulty faulty;
  std::mutex mutex;
  std::set<int> acknowledged;
  std::set<int> unknown;
  std::set<int> refused;
  faulty.run(4, [&](const cf::D1Database& db, int number) {
    const auto result = db.checked().execute("INSERT INTO t VALUES (?)", {number});
    const std::lock_guard lock(mutex);
    (result ? acknowledged : result.error().outcome_unknown() ? unknown : refused).insert(number);
  });

  std::map<int, int> rows;
  for (const auto& [id] : faulty.store.direct().query<int>("SELECT id FROM t")) ++rows[id];
  std::size_t unknown_there = 0;
  for (const auto& [id, times] : rows) {
    INFO(id);
    CHECK(times == 1);
    CHECK_FALSE(refused.contains(id));
    unknown_there += unknown.contains(id) ? 1 : 0;
  }
  CHECK(std::all_of(acknowledged.begin(), acknowledged.end(), [&](int id) { return rows.contains(id); }));
  CHECK(acknowledged.size() + unknown.size() + refused.size() == statements);
  CHECK(faulty.executed == static_cast<int>(rows.size()));

  // The plan of the first attempts gives these numbers; a machine slower than the stall limit can only add to them.
  CHECK(faulty.struck_before > 100);
  CHECK(faulty.struck_after > 100);
  CHECK(unknown_there > 100);
  CHECK(unknown.size() - unknown_there > 100);
  CHECK(acknowledged.size() > 500);
  CHECK(faulty.repeated > 0);
  std::cout << "INSERT: acknowledged " << acknowledged.size() << ", unknown " << unknown.size() << " (of them executed "
            << unknown_there << "), repeated " << faulty.repeated << ", refused " << refused.size()
            << "; faults before execution " << faulty.struck_before << ", after " << faulty.struck_after << '\n';
}

TEST_CASE("1000 SELECTs under the same faults are repeated until each has its right answer") {
  Faulty faulty;
  std::atomic<int> answered = 0;
  std::atomic<int> wrong = 0;
  faulty.run(12, [&](const cf::D1Database& db, int number) {
    const auto value = db.checked().query_value<int>("SELECT ? * 2", {number});
    ++(value && *value == number * 2 ? answered : wrong);
  });
  CHECK(answered == statements);
  CHECK(wrong == 0);
  CHECK(faulty.repeated > 250);
  CHECK(faulty.struck_before > 100);
  CHECK(faulty.struck_after > 100);
  std::cout << "SELECT: acknowledged " << answered << ", unknown 0, repeated " << faulty.repeated
            << "; faults before execution " << faulty.struck_before << ", after " << faulty.struck_after << '\n';
}
