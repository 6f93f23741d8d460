#include "local/vectorize/search.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "local/storage/call_limits.hpp"
#include "local/vectorize/kernels.hpp"

namespace cloudflare::local {

namespace {

// How many rows are compared between two checks whether the call is over.
constexpr std::size_t rows_between_looks = 1024;
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

}  // namespace

std::vector<Hit> nearest(const VectorTable& table, Distance metric, std::span<const float> query, std::size_t count,
                         const Selection& selection) {
  if (count == 0) return {};
  const Ranking ranking(table, metric, query);
  struct Candidate {
    std::size_t row;
    double low;
  };
  std::vector<Candidate> candidates;
  std::vector<double> highs;  // the `count` smallest ones so far, a heap with the largest in front
  const auto is_behind = [&](double low) { return highs.size() == count && low > highs.front(); };
  const CallLimits& limits = CallLimits::current();
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (row % rows_between_looks == 0) limits.check();
    if (selection.ns && table.ns(row) != *selection.ns) continue;
    if (selection.filter != nullptr && !selection.filter->passes(row)) continue;
    if (highs.size() == count && ranking.coarse_low(row) > highs.front()) continue;
    const Bounds bounds = ranking.bounds(row);
    if (is_behind(bounds.low)) continue;  // surely behind `count` others
    candidates.push_back({row, bounds.low});
    if (highs.size() == count) {
      if (bounds.high >= highs.front()) continue;
      std::pop_heap(highs.begin(), highs.end());
      highs.pop_back();
    }
    highs.push_back(bounds.high);
    std::push_heap(highs.begin(), highs.end());
  }
  std::erase_if(candidates, [&](const Candidate& candidate) { return is_behind(candidate.low); });
  std::vector<Hit> hits;
  hits.reserve(candidates.size());
  for (const Candidate& candidate : candidates) hits.push_back({candidate.row, ranking.score(candidate.row)});
  const std::size_t kept = std::min(count, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(),
                    [&](const Hit& a, const Hit& b) { return ranking.nearer(a, b); });
  hits.resize(kept);
  return hits;
}

}  // namespace cloudflare::local
