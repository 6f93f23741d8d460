#include "local/vectorize/search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "local/storage/call_limits.hpp"
#include "local/vectorize/kernels.hpp"

namespace cloudflare::local {

namespace {

// How many rows are compared between two checks whether the call is over.
constexpr std::size_t rows_between_looks = 1024;
// With larger norms, products of float32 may overflow.
constexpr double largest_norm = 1e15;

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
        norm_(std::sqrt(dot<double>(query.data(), query.data(), query.size()))),
        relative_(sum_error(query.size())),
        absolute_(underflow_error(query.size())) {}

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
