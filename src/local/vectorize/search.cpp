#include "local/vectorize/search.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <future>
#include <limits>
#include <system_error>
#include <thread>

#include "local/storage/call_limits.hpp"
#include "local/vectorize/kernels.hpp"

namespace cloudflare::local {

namespace {

// How many rows a thread takes at a time; before each time it checks whether the call is over.
constexpr std::size_t rows_at_a_time = 1024;
// With fewer values for each, starting a thread takes longer than it saves.
constexpr std::size_t values_per_thread = 2'000'000;
// With larger norms, products of float32 may overflow.
constexpr double largest_norm = 1e15;

// A query in int16: each value is `scale` times its level, and what that leaves of the query has the norm `rest`.
struct CoarseQuery {
  std::vector<std::int16_t> levels{};
  double scale = 0;
  double rest = 0;

  explicit CoarseQuery(std::span<const float> query) : levels(query.size()) {
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
};

// The range that certainly holds the rank of a row; nearer rows have smaller ranks.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

class Ranking {
 public:
  Ranking(const VectorTable& table, Distance metric, std::span<const float> query)
      : table_(table),
        metric_(metric),
        query_(query.data()),
        coarse_(query),
        norm_(std::sqrt(dot<double>(query.data(), query.data(), query.size()))),
        relative_(sum_error(query.size())),
        absolute_(underflow_error(query.size())) {}

  // Certainly not above the rank of a row. With query = c * w + d and row = s * q + e, where w and q are the levels,
  // the product of query and row is c * s * (w * q) + d * (s * q) + query * e. The sum w * q is exact; by Cauchy and
  // Schwarz the second term is at most |d| * (|row| + |e|), and the third at most |query| * |e|. What doubles round is
  // far below the error of float32 that bounds() takes into account, and is covered by the same term.
  [[nodiscard]] double coarse_low(std::size_t row) const {
    const CoarseRow coarse = table_.coarse(row);
    const double norm = table_.norm(row);
    const double norms = norm_ * norm;
    const double product =
        coarse_.scale * coarse.scale * coarse_dot(coarse.levels, coarse_.levels.data(), table_.dimensions());
    const double largest =
        product + coarse_.rest * (norm + coarse.rest) + norm_ * coarse.rest + relative_ * norms + absolute_;
    if (metric_ == Distance::dot_product) return -largest;
    if (metric_ == Distance::cosine) return norms == 0 ? Bounds().low : -largest / norms;
    const double squares = norm_ * norm_ + norm * norm;
    return squares - 2 * largest - relative_ * squares;
  }

  [[nodiscard]] Bounds bounds(std::size_t row) const {
    const double norms = norm_ * table_.norm(row);
    if (norm_ > largest_norm || table_.norm(row) > largest_norm || (metric_ == Distance::cosine && norms == 0))
      return {};
    if (metric_ == Distance::euclidean) {
      const double rank = squared_distance<float>(query_, table_.values(row), table_.dimensions());
      const double error = relative_ * rank + absolute_;
      return {rank - error, rank + error};
    }
    const double product = dot<float>(query_, table_.values(row), table_.dimensions());
    const double error = relative_ * norms + absolute_;
    const double unit = metric_ == Distance::cosine ? norms : 1;
    return {(-product - error) / unit, (-product + error) / unit};
  }

  [[nodiscard]] double score(std::size_t row) const {
    const float* values = table_.values(row);
    if (metric_ == Distance::euclidean) return std::sqrt(squared_distance<double>(query_, values, table_.dimensions()));
    const double product = dot<double>(query_, values, table_.dimensions());
    if (metric_ == Distance::dot_product) return -product;
    const double norms = norm_ * table_.norm(row);
    return norms == 0 ? 0 : std::clamp(product / norms, -1.0, 1.0);
  }

  [[nodiscard]] bool nearer(const Hit& a, const Hit& b) const {
    if (a.score != b.score) return metric_ == Distance::cosine ? a.score > b.score : a.score < b.score;
    return table_.id(a.row) < table_.id(b.row);
  }

 private:
  const VectorTable& table_;
  Distance metric_;
  const float* query_;
  CoarseQuery coarse_;
  double norm_;
  double relative_;
  double absolute_;
};

struct Candidate {
  std::size_t row;
  double low;
};

// What one thread found in the rows that it took. A row is left out if `count` rows of the same thread are surely
// nearer: so many rows of the whole table are nearer, too, whatever the other threads find.
class Share {
 public:
  Share(const VectorTable& table, const Ranking& ranking, std::size_t count, const Selection& selection)
      : table_(table), ranking_(ranking), count_(count), selection_(selection) {}

  // Takes rows until none are left.
  void search(std::atomic<std::size_t>& next, const CallLimits& limits) {
    try {
      for (;;) {
        const std::size_t begin = next.fetch_add(rows_at_a_time);
        if (begin >= table_.size()) return;
        limits.check();
        const std::size_t end = std::min(begin + rows_at_a_time, table_.size());
        for (std::size_t row = begin; row < end; ++row) compare(row);
      }
    } catch (...) {
      next = table_.size();  // the other threads end soon, too
      throw;
    }
  }
  // Adds what another thread found.
  void add(const Share& other) {
    candidates_.insert(candidates_.end(), other.candidates_.begin(), other.candidates_.end());
    for (const double high : other.highs_) keep(high);
  }
  // The rows that may be among the `count` nearest.
  [[nodiscard]] std::vector<Candidate> take() && {
    std::erase_if(candidates_, [&](const Candidate& candidate) { return is_behind(candidate.low); });
    return std::move(candidates_);
  }

 private:
  [[nodiscard]] bool is_behind(double low) const { return highs_.size() == count_ && low > highs_.front(); }

  void compare(std::size_t row) {
    if (selection_.ns && table_.ns(row) != *selection_.ns) return;
    if (selection_.filter != nullptr && !selection_.filter->passes(row)) return;
    if (highs_.size() == count_ && ranking_.coarse_low(row) > highs_.front()) return;
    const Bounds bounds = ranking_.bounds(row);
    if (is_behind(bounds.low)) return;
    candidates_.push_back({row, bounds.low});
    keep(bounds.high);
  }

  void keep(double high) {
    if (highs_.size() == count_) {
      if (high >= highs_.front()) return;
      std::pop_heap(highs_.begin(), highs_.end());
      highs_.pop_back();
    }
    highs_.push_back(high);
    std::push_heap(highs_.begin(), highs_.end());
  }

  const VectorTable& table_;
  const Ranking& ranking_;
  std::size_t count_;
  const Selection& selection_;
  std::vector<Candidate> candidates_{};
  std::vector<double> highs_{};  // the `count` smallest ones so far, a heap with the largest in front
};

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
  std::vector<std::future<void>> others;
  others.reserve(counted.count());
  try {
    for (std::size_t i = 1; i < shares.size(); ++i)
      others.push_back(std::async(std::launch::async, [&, i] { shares[i].search(next, limits); }));
  } catch (const std::system_error&) {  // there are no more threads: those that began share the work
  }
  shares[0].search(next, limits);
  for (std::future<void>& other : others) other.get();
  for (std::size_t i = 1; i < shares.size(); ++i) shares[0].add(shares[i]);

  std::vector<Hit> hits;
  for (const Candidate& candidate : std::move(shares[0]).take())
    hits.push_back({candidate.row, ranking.score(candidate.row)});
  const std::size_t kept = std::min(count, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(),
                    [&](const Hit& a, const Hit& b) { return ranking.nearer(a, b); });
  hits.resize(kept);
  return hits;
}

}  // namespace cloudflare::local
