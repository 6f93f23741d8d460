#pragma once

// Exact search for the nearest vectors.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "local/vectorize/filter.hpp"
#include "local/vectorize/table.hpp"

namespace cloudflare::local {

/// A row with its score as Cloudflare gives it: the cosine, the distance, or the negated dot product.
struct Hit {
  std::size_t row = 0;
  double score = 0;
};

struct Selection {
  std::optional<std::uint32_t> ns{};
  const StoreFilter* filter = nullptr;
};

/// How many threads a search of this table may use: one for each two million values, and always one.
[[nodiscard]] std::size_t search_threads(const VectorTable& table);

/// The `count` rows nearest to `query`, the nearest first, ties by id. Exact: rows that are surely too far away by
/// their int8 levels are left out, the others are compared in float32, and those that rounding leaves in doubt are
/// scored again in double precision. The answer does not depend on how many `threads` share the rows: the caller's,
/// and others for this call alone, while the process has cores that do not search.
[[nodiscard]] std::vector<Hit> nearest(const VectorTable& table, Distance metric, std::span<const float> query,
                                       std::size_t count, const Selection& selection, std::size_t threads);

}  // namespace cloudflare::local
