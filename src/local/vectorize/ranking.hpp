#pragma once

// The hot part of a search: which rows of a table may be among the nearest. ranking.cpp, compiled for speed, holds what
// is done for each row; search.cpp, compiled for size, what is done a few times for each search.

#include <atomic>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "local/storage/call_limits.hpp"
#include "local/vectorize/search.hpp"

namespace cloudflare::local {

/// A query in int16: each value is `scale` times its level, and what that leaves of the query has the norm `rest`.
struct CoarseQuery {
  std::vector<std::int16_t> levels{};
  double scale = 0;
  double rest = 0;

  explicit CoarseQuery(std::span<const float> query);
};

/// The range that certainly holds the rank of a row; nearer rows have smaller ranks.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// How near the rows of a table are to a query.
class Ranking {
 public:
  Ranking(const VectorTable& table, Distance metric, std::span<const float> query);

  /// Certainly not above the rank of a row.
  [[nodiscard]] double coarse_low(std::size_t row) const;
  /// The rank as float32 gives it, with what it may be wrong by.
  [[nodiscard]] Bounds bounds(std::size_t row) const;
  /// The exact score, as Cloudflare gives it.
  [[nodiscard]] double score(std::size_t row) const;
  /// Whether `a` comes before `b`: it is nearer, or as near and has the smaller id.
  [[nodiscard]] bool nearer(const Hit& a, const Hit& b) const;

 private:
  const VectorTable& table_;
  Distance metric_;
  const float* query_;
  CoarseQuery coarse_;
  double norm_;
  double relative_;
  double absolute_;
};

/// A row that may be among the nearest, and the least rank that it may have.
struct Candidate {
  std::size_t row;
  double low;
};

/// What one thread found in the rows that it took. A row is left out if `count` rows of the same thread are surely
/// nearer: so many rows of the whole table are nearer, too, whatever the other threads find.
class Share {
 public:
  Share(const VectorTable& table, const Ranking& ranking, std::size_t count, const Selection& selection)
      : table_(table), ranking_(ranking), count_(count), selection_(selection) {}

  /// Takes rows until none are left. @throws Error  when the call is over
  void search(std::atomic<std::size_t>& next, const CallLimits& limits);
  /// Takes into account what `other` knows of the nearest rows.
  void learn(const Share& other);
  /// Whether `count` rows are surely nearer than this rank.
  [[nodiscard]] bool is_behind(double low) const { return highs_.size() == count_ && low > highs_.front(); }
  [[nodiscard]] const std::vector<Candidate>& candidates() const noexcept { return candidates_; }

 private:
  void compare(std::size_t row);
  void keep(double high);

  const VectorTable& table_;
  const Ranking& ranking_;
  std::size_t count_;
  const Selection& selection_;
  std::vector<Candidate> candidates_{};
  std::vector<double> highs_{};  // the `count` smallest ones so far, a heap with the largest in front
};

}  // namespace cloudflare::local
