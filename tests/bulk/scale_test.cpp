// The rate budget at work: 5000 requests on a clock that jumps, and how long large jobs take. docs/scale.md holds the
// same table.

#include <cloudflare/testing/fake_transport.hpp>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "bulk/bulk_support.hpp"
#include "engine/budget.hpp"

using namespace bulk_tests;
using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t budget = cf::limits::requests_per_window;
constexpr std::uint64_t of_a_job = budget - 12;  // one per cent is the default reserve

/// How long `requests` take by the budget alone if a job may use `share` of it.
seconds simulated(std::uint64_t requests, std::uint64_t share) {
  cf::detail::RateBudget rate;
  cf::Clock::time_point now(1h);
  const auto start = now;
  for (std::uint64_t sent = 0; sent < requests;) {
    const auto at = rate.reserve(now, now, share);
    if (at == now) ++sent;
    now = at;
  }
  return std::chrono::duration_cast<seconds>(now - start);
}

/// The same by a formula, without counting one by one.
seconds computed(std::uint64_t requests, std::uint64_t share = of_a_job) { return 302s * ((requests - 1) / share); }

std::string in_words(seconds time) {
  const auto minutes = time.count() / 60;
  std::ostringstream text;
  if (minutes >= 24 * 60) text << minutes / (24 * 60) << " d ";
  if (minutes >= 60) text << minutes / 60 % 24 << " h ";
  if (minutes < 24 * 60) text << minutes % 60 << " min";
  std::string words = text.str();
  if (words.ends_with(' ')) words.pop_back();
  return minutes == 0 ? "at once" : words;
}

std::string table() {
  std::ostringstream rows;
  rows << "| pairs | `put_many` | | `get_many` | | `erase_many` | |\n|---|---|---|---|---|---|---|\n";
  for (const auto& [name, pairs] :
       {std::pair<const char*, std::uint64_t>{"1 M", 1'000'000}, {"100 M", 100'000'000}, {"1 B", 1'000'000'000}}) {
    rows << "| " << name << " |";
    for (const std::uint64_t a_request :
         {cf::limits::kv_bulk_pairs, cf::limits::kv_bulk_get_keys, cf::limits::kv_bulk_keys})
      rows << ' ' << pairs / a_request << " requests | " << in_words(computed(pairs / a_request)) << " |";
    rows << '\n';
  }
  return rows.str();
}

/// What a job of 100 million pairs takes in one of several processes that divide the budget.
std::string divided() {
  constexpr std::uint64_t requests = 100'000'000 / cf::limits::kv_bulk_pairs;
  std::ostringstream rows;
  rows << "| processes | `budget_reserve` of each | 10 000 requests of one | 10 000 requests in equal parts |\n"
          "|---|---|---|---|\n";
  for (const std::uint64_t n : {1U, 2U, 4U, 10U}) {
    const std::uint64_t share = n == 1 ? of_a_job : budget / n;
    rows << "| " << n << " | " << (n == 1 ? 0.01 : 1 - 1 / static_cast<double>(n)) << " | "
         << in_words(computed(requests, share)) << " | " << in_words(computed((requests + n - 1) / n, share)) << " |\n";
  }
  return rows.str();
}

std::string page() {
  std::ostringstream text;
  text << std::ifstream(CLOUDFLARE_SOURCE_DIR "/docs/scale.md").rdbuf();
  return text.str();
}

/// Stands in for Cloudflare: from request 1201 within five minutes on, it refuses all requests for five minutes.
struct Server {
  std::shared_ptr<cf::testing::FakeTransport> fake = std::make_shared<cf::testing::FakeTransport>();
  int processes = 1;  ///< Each request counts as one from each process.
  std::mt19937 random{11};
  std::vector<cf::Clock::time_point> sent{};
  std::vector<cf::Clock::time_point> arrivals{};
  cf::Clock::time_point closed_until{};
  std::uint64_t refusals = 0;

  Server() {
    fake->answer_with([this](const cf::testing::SentRequest& request) {
      // Requests take between 0 and 1.5 s to the server.
      const auto arrival = request.at + std::chrono::milliseconds(random() % 1500);
      sent.push_back(request.at);
      arrivals.insert(arrivals.end(), static_cast<std::size_t>(processes), arrival);
      const auto recent = std::count_if(arrivals.begin(), arrivals.end(), [&](auto at) { return at > arrival - 5min; });
      if (arrival >= closed_until && recent > static_cast<std::ptrdiff_t>(budget)) closed_until = arrival + 5min;
      if (arrival >= closed_until) return cf::testing::ok("null");
      ++refusals;
      cf::testing::FakeReply reply = cf::testing::refused(429, 971, "slow down");
      const auto wait = std::chrono::ceil<seconds>(closed_until - request.at);
      reply.headers.push_back({"Retry-After", std::to_string(wait.count())});
      return reply;
    });
  }
  /// Erases keys, one in each request.
  cf::BulkResult erase(std::uint64_t requests, double reserve) {
    cf::ClientOptions options{.account_id = "acc", .rate_budget = true, .transport = fake, .clock = fake->clock()};
    options.budget_reserve = reserve;
    return cf::ApiClient(cf::ApiToken("scale"), options).kv("ns").erase_many(keys(requests), {.max_request_bytes = 16});
  }
};

}  // namespace

TEST_CASE(
    "5000 requests of a job: never more than 1200 arrive in five minutes, and at most 2 % of the budget is lost") {
  Server server;
  const auto done = server.erase(5000, 0.01);
  CHECK(done.complete());
  CHECK(done.requests == 5000);
  CHECK(server.refusals == 0);

  // The budget is measured only while work waits: all bursts but the last, over the time until the last one.
  const auto& sent = server.sent;
  const auto before = std::count_if(sent.begin(), sent.end(), [&](auto at) { return at < sent.back(); });
  const double allowed = std::chrono::duration<double>(sent.back() - sent.front()) / 300s * static_cast<double>(budget);
  const double unused = 1 - static_cast<double>(before) / allowed;
  std::cout << "unused part of the budget: " << unused * 100 << " %\n";
  CHECK(before > 4000);
  CHECK(unused <= 0.02);
  CHECK(sent.back() - sent.front() == computed(5000));
}

TEST_CASE("two processes that divide the budget meet no 429; if they do not, their jobs lose no item") {
  Server divides;
  divides.processes = 2;
  CHECK(divides.erase(2000, 0.5).requests == 2000);
  CHECK(divides.refusals == 0);
  CHECK(divides.sent.back() - divides.sent.front() == computed(2000, budget / 2));

  Server collides;
  collides.processes = 2;
  const auto done = collides.erase(2000, 0.01);
  CHECK(done.complete());
  CHECK(done.succeeded == 2000);
  CHECK(done.requests == 2000 + collides.refusals);
  CHECK(collides.refusals > 0);
  const auto took = std::chrono::duration_cast<seconds>(collides.sent.back() - collides.sent.front());
  std::cout << "two processes that do not divide the budget: " << collides.refusals << " times 429, " << took.count()
            << " s; divided " << computed(2000, budget / 2).count() << " s\n";
}

TEST_CASE("docs/scale.md holds the times that the simulated budget gives") {
  for (const std::uint64_t requests : {100U, 1188U, 1189U, 10'000U, 100'000U, 300'000U})
    CHECK(simulated(requests, of_a_job) == computed(requests));
  for (const std::uint64_t share : {600U, 300U, 120U}) CHECK(simulated(10'000, share) == computed(10'000, share));
  for (const std::string& rows : {table(), divided()}) {
    std::cout << rows;
    CHECK(page().find(rows) != std::string::npos);
  }
}
