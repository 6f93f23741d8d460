#include "local/vectorize/ranking.hpp"

#include <algorithm>
#include <cmath>

#include "local/vectorize/kernels.hpp"

namespace cloudflare::local {

namespace {

// How many rows a thread takes at a time; before each time it checks whether the call is over.
constexpr std::size_t rows_at_a_time = 1024;
// With larger norms, products of float32 may overflow.
constexpr double largest_norm = 1e15;

}  // namespace

// With query = c * w + d and row = s * q + e, where w and q are the levels, the product of query and row is
// c * s * (w * q) + d * (s * q) + query * e. The sum w * q is exact; by Cauchy and Schwarz the second term is at most
// |d| * (|row| + |e|), and the third at most |query| * |e|. What doubles round is far below the error of float32 that
// bounds() takes into account, and is covered by the same term.
double Ranking::coarse_low(std::size_t row) const {
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

Bounds Ranking::bounds(std::size_t row) const {
  const double norms = norm_ * table_.norm(row);
  if (norm_ > largest_norm || table_.norm(row) > largest_norm || (metric_ == Distance::cosine && norms == 0)) return {};
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

double Ranking::score(std::size_t row) const {
  const float* values = table_.values(row);
  if (metric_ == Distance::euclidean) return std::sqrt(squared_distance<double>(query_, values, table_.dimensions()));
  const double product = dot<double>(query_, values, table_.dimensions());
  if (metric_ == Distance::dot_product) return -product;
  const double norms = norm_ * table_.norm(row);
  return norms == 0 ? 0 : std::clamp(product / norms, -1.0, 1.0);
}

bool Ranking::nearer(const Hit& a, const Hit& b) const {
  if (a.score != b.score) return metric_ == Distance::cosine ? a.score > b.score : a.score < b.score;
  return table_.id(a.row) < table_.id(b.row);
}

void Share::search(std::atomic<std::size_t>& next, const CallLimits& limits) {
  for (std::size_t begin = next.fetch_add(rows_at_a_time); begin < table_.size();
       begin = next.fetch_add(rows_at_a_time)) {
    limits.check();
    const std::size_t end = std::min(begin + rows_at_a_time, table_.size());
    for (std::size_t row = begin; row < end; ++row) compare(row);
  }
}

void Share::compare(std::size_t row) {
  if (selection_.ns && table_.ns(row) != *selection_.ns) return;
  if (selection_.filter != nullptr && !selection_.filter->passes(row)) return;
  if (highs_.size() == count_ && ranking_.coarse_low(row) > highs_.front()) return;
  const Bounds bounds = ranking_.bounds(row);
  if (is_behind(bounds.low)) return;
  candidates_.push_back({row, bounds.low});
  keep(bounds.high);
}

}  // namespace cloudflare::local
