// The rate budget at work: 5000 requests on a clock that jumps, and how long large jobs take. docs/scale.md holds the
// same table.

#include <cloudflare/testing/fake_transport.hpp>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "budget.hpp"
#include "bulk/bulk_support.hpp"

using namespace bulk_tests;
using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t budget = cf::limits::requests_per_window;
constexpr std::uint64_t kept = 12;  // the reserve: one per cent

/// How long `requests` of a job with the default reserve take by the budget alone.
seconds simulated(std::uint64_t requests) {
  cf::detail::RateBudget rate;
  cf::Clock::time_point now(1h);
  const auto start = now;
  for (std::uint64_t sent = 0; sent < requests;) {
    const auto at = rate.reserve(now, now, budget - kept);
    if (at == now) ++sent;
    now = at;
  }
  return std::chrono::duration_cast<seconds>(now - start);
}

/// The same without counting one by one.
seconds computed(std::uint64_t requests) { return 302s * ((requests - 1) / (budget - kept)); }

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

}  // namespace

TEST_CASE(
    "5000 requests of a job: never more than 1200 arrive in five minutes, and at most 2 % of the budget is lost") {
  auto fake = std::make_shared<cf::testing::FakeTransport>();
  std::mt19937 random(11);
  std::vector<cf::Clock::time_point> sent;
  std::vector<cf::Clock::time_point> arrivals;
  std::uint64_t refusals = 0;
  fake->answer_with([&](const cf::testing::SentRequest& request) {
    // Some requests take their time to the server, others hurry.
    const auto arrival = request.at + std::chrono::milliseconds(random() % 1500);
    sent.push_back(request.at);
    arrivals.push_back(arrival);
    const auto recent = std::count_if(arrivals.begin(), arrivals.end(), [&](auto at) { return at > arrival - 5min; });
    if (recent <= static_cast<std::ptrdiff_t>(budget)) return cf::testing::ok("null");
    ++refusals;
    cf::testing::FakeReply reply = cf::testing::refused(429, 971, "slow down");
    reply.headers.push_back({"Retry-After", "300"});
    return reply;
  });
  cf::ClientOptions options{.account_id = "acc", .rate_budget = true, .transport = fake, .clock = fake->clock()};
  const auto kv = cf::ApiClient(cf::ApiToken("scale"), options).kv("ns");
  const auto done = kv.erase_many(keys(5000), {.max_request_bytes = 16});  // a key a request
  CHECK(done.complete());
  CHECK(done.requests == 5000);
  CHECK(refusals == 0);

  // While work waits: all but the last burst, over the time until that.
  const auto before = std::count_if(sent.begin(), sent.end(), [&](auto at) { return at < sent.back(); });
  const double allowed = std::chrono::duration<double>(sent.back() - sent.front()) / 300s * static_cast<double>(budget);
  const double unused = 1 - static_cast<double>(before) / allowed;
  std::cout << "of the budget unused: " << unused * 100 << " %\n";
  CHECK(before > 4000);
  CHECK(unused <= 0.02);
  CHECK(sent.back() - sent.front() == computed(5000));
}

TEST_CASE("docs/scale.md holds the times that the simulated budget gives") {
  for (const std::uint64_t requests : {100U, 1188U, 1189U, 10'000U, 100'000U, 300'000U})
    CHECK(simulated(requests) == computed(requests));
  std::cout << table();
  std::ostringstream page;
  page << std::ifstream(CLOUDFLARE_SOURCE_DIR "/docs/scale.md").rdbuf();
  CHECK(page.str().find(table()) != std::string::npos);
}
