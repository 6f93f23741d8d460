#include "local/vectorize/search.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <thread>

#include "base/start_thread.hpp"
#include "local/vectorize/kernels.hpp"
#include "local/vectorize/ranking.hpp"

namespace cloudflare::local {

namespace {

// With fewer values for each, starting a thread takes longer than it saves.
constexpr std::size_t values_per_thread = 2'000'000;

// Threads of this process that search.
std::atomic<std::size_t> searching{0};

// The threads of one search: its own, and as many more as are wanted and find a core without one.
class Threads {
 public:
  explicit Threads(std::size_t wanted) {
    const std::size_t cores = std::thread::hardware_concurrency();
    std::size_t busy = searching;
    do {
      const std::size_t idle = cores - std::min(cores, busy);
      count_ = std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(idle, 1));
    } while (!searching.compare_exchange_weak(busy, busy + count_));
  }
  ~Threads() { searching -= count_; }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  std::size_t count_ = 1;
};

}  // namespace

CoarseQuery::CoarseQuery(std::span<const float> query) : levels(query.size()) {
  // So few levels that the sum of all products with levels of a row is an int32.
  const auto count = static_cast<std::int64_t>(query.size());
  const auto most = std::min<std::int64_t>(std::numeric_limits<std::int16_t>::max(),
                                           std::numeric_limits<std::int32_t>::max() / (coarse_levels * count));
  double largest = 0;
  for (const float value : query) largest = std::max(largest, std::fabs(double{value}));
  scale = largest / static_cast<double>(most);
  double squares = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const double level = scale == 0 ? 0 : std::nearbyint(query[i] / scale);
    levels[i] = static_cast<std::int16_t>(level);
    squares += (query[i] - scale * level) * (query[i] - scale * level);
  }
  rest = std::sqrt(squares);
}

Ranking::Ranking(const VectorTable& table, Distance metric, std::span<const float> query)
    : table_(table),
      metric_(metric),
      query_(query.data()),
      coarse_(query),
      norm_(std::sqrt(dot<double>(query.data(), query.data(), query.size()))),
      relative_(sum_error(query.size())),
      absolute_(underflow_error(query.size())) {}

void Share::keep(double high) {
  if (highs_.size() == count_) {
    if (high >= highs_.front()) return;
    std::pop_heap(highs_.begin(), highs_.end());
    highs_.pop_back();
  }
  highs_.push_back(high);
  std::push_heap(highs_.begin(), highs_.end());
}

void Share::learn(const Share& other) {
  for (const double high : other.highs_) keep(high);
}

std::size_t search_threads(const VectorTable& table) {
  return 1 + table.size() * table.dimensions() / values_per_thread;
}

std::vector<Hit> nearest(const VectorTable& table, Distance metric, std::span<const float> query, std::size_t count,
                         const Selection& selection, std::size_t threads) {
  if (count == 0) return {};
  const Ranking ranking(table, metric, query);
  const CallLimits& limits = CallLimits::current();
  std::atomic<std::size_t> next{0};
  const Threads counted(threads);
  std::vector<Share> shares(counted.count(), Share(table, ranking, count, selection));
  std::vector<std::exception_ptr> failures(shares.size());
  const auto work = [&](std::size_t i) {
    try {
      shares[i].search(next, limits);
    } catch (...) {
      failures[i] = std::current_exception();
      next = table.size();  // the other threads end soon, too
    }
  };
  std::vector<std::thread> others;
  others.reserve(counted.count());
  try {
    for (std::size_t i = 1; i < shares.size(); ++i)
      others.push_back(cloudflare::detail::start_thread([&work, i] { work(i); }));
  } catch (...) {  // there are no more threads, or no memory for them: those that began share the work
  }
  work(0);
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
  for (std::size_t i = 1; i < shares.size(); ++i) shares[0].learn(shares[i]);

  std::vector<Hit> hits;
  for (const Share& share : shares)
    for (const Candidate& candidate : share.candidates())
      if (!shares[0].is_behind(candidate.low)) hits.push_back({candidate.row, ranking.score(candidate.row)});
  const std::size_t kept = std::min(count, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(),
                    [&](const Hit& a, const Hit& b) { return ranking.nearer(a, b); });
  hits.resize(kept);
  return hits;
}

}  // namespace cloudflare::local
