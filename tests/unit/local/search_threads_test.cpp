// The search of the embedded store on several threads.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <cloudflare/error.hpp>

#include "local/storage/call_limits.hpp"
#include "local/vectorize/search.hpp"
#include "support/catch.hpp"

namespace cf = cloudflare;
using cf::local::Distance;
using cf::local::Hit;
using cf::local::VectorTable;

namespace {

constexpr std::size_t dimensions = 96;

std::vector<float> random_vector(std::mt19937& random) {
  std::vector<float> values(dimensions);
  for (float& value : values) value = static_cast<float>(random() % 2001) / 1000.0F - 1;
  return values;
}

// Rows of which every third is the same as another one, so that the last places are ties, in two namespaces.
VectorTable filled(std::size_t rows, std::mt19937& random) {
  VectorTable table(dimensions);
  std::vector<float> values = random_vector(random);
  for (std::size_t row = 0; row < rows; ++row) {
    if (row % 3 != 0) values = random_vector(random);
    table.put("id" + std::to_string(row * 7919 % rows), values, row % 2 == 0 ? "even" : "", {});
  }
  return table;
}

// The answer by comparing every row in double precision.
std::vector<Hit> reference(const VectorTable& table, Distance metric, const std::vector<float>& query,
                           std::size_t count, std::optional<std::uint32_t> ns) {
  std::vector<Hit> hits;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (ns && table.ns(row) != *ns) continue;
    double product = 0, distance = 0, norm = 0, norm_of_query = 0;
    for (std::size_t i = 0; i < dimensions; ++i) {
      const double a = table.values(row)[i], b = query[i];
      product += a * b;
      distance += (a - b) * (a - b);
      norm += a * a;
      norm_of_query += b * b;
    }
    const double cosine = -product / std::sqrt(norm * norm_of_query);
    hits.push_back({row, metric == Distance::cosine      ? cosine
                         : metric == Distance::euclidean ? std::sqrt(distance)
                                                         : -product});
  }
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score < b.score; });
  hits.resize(std::min(count, hits.size()));
  return hits;
}

}  // namespace

TEST_CASE("a search finds the same rows with one thread and with many, ties and all") {
  std::mt19937 random(4);
  const VectorTable table = filled(9'000, random);
  for (const Distance metric : {Distance::cosine, Distance::euclidean, Distance::dot_product}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{20}, std::size_t{100}}) {
      const std::vector<float> query = random_vector(random);
      const auto ns = count == 20 ? table.find_ns("even") : std::nullopt;
      const auto alone = nearest(table, metric, query, count, {.ns = ns}, 1);
      const auto expected = reference(table, metric, query, count, ns);
      REQUIRE(alone.size() == expected.size());
      for (std::size_t i = 0; i < alone.size(); ++i) {
        const double sign = metric == Distance::cosine ? -1 : 1;
        CHECK(std::fabs(sign * alone[i].score - expected[i].score) < 1e-9);
      }
      for (const unsigned threads : {2U, 3U, 16U}) {
        const auto shared = nearest(table, metric, query, count, {.ns = ns}, threads);
        CHECK(std::equal(alone.begin(), alone.end(), shared.begin(), shared.end(),
                         [](const Hit& a, const Hit& b) { return a.row == b.row && a.score == b.score; }));
      }
    }
  }
}

TEST_CASE("searches on several threads at once find what one finds") {
  std::mt19937 random(5);
  const VectorTable table = filled(5'000, random);
  const std::vector<float> query = random_vector(random);
  const auto alone = nearest(table, Distance::cosine, query, 10, {}, 1);
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 6; ++i)
      callers.emplace_back([&] {
        for (int round = 0; round < 5; ++round) {
          const auto found = nearest(table, Distance::cosine, query, 10, {}, 4);
          if (!std::equal(alone.begin(), alone.end(), found.begin(), found.end(),
                          [](const Hit& a, const Hit& b) { return a.row == b.row && a.score == b.score; }))
            ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("a search on several threads ends with the call's stop token, and the next one works") {
  std::mt19937 random(6);
  const VectorTable table = filled(4'000, random);
  const std::vector<float> query = random_vector(random);
  {
    std::stop_source stop;
    const cf::local::CallLimits limits(cf::TimePoint::max(), stop.get_token());
    stop.request_stop();
    CHECK_THROWS_AS(nearest(table, Distance::cosine, query, 10, {}, 4), cf::Error);
  }
  CHECK(nearest(table, Distance::cosine, query, 10, {}, 4).size() == 10);
}

TEST_CASE("a search that is stopped while it runs ends as cancelled or finds what it finds unstopped") {
  std::mt19937 random(8);
  const VectorTable table = filled(6'000, random);
  const std::vector<float> query = random_vector(random);
  const auto whole = nearest(table, Distance::cosine, query, 10, {}, 1);
  for (int round = 0; round < 60; ++round) {  // stops come later and later, and after the search at last
    std::stop_source stop;
    const cf::local::CallLimits limits(cf::TimePoint::max(), stop.get_token());
    std::atomic<bool> began{false};
    const std::jthread other([&] {
      while (!began) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::microseconds(20 * round));
      stop.request_stop();
    });
    began = true;
    try {
      const auto found = nearest(table, Distance::cosine, query, 10, {}, 4);
      REQUIRE(found.size() == whole.size());
      for (std::size_t i = 0; i < whole.size(); ++i) CHECK(found[i].row == whole[i].row);
    } catch (const cf::Error& error) {
      CHECK(error.kind() == cf::ErrorKind::cancelled);
    }
  }
}

TEST_CASE("small tables are searched by the caller's thread, large ones by more") {
  std::mt19937 random(7);
  CHECK(search_threads(filled(10, random)) == 1);
  VectorTable table(1'536);
  const std::vector<float> values(1'536, 1);
  for (int row = 0; row < 2'700; ++row) table.put(std::to_string(row), values, "", {});
  CHECK(search_threads(table) == 3);
}
