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

/// The `count` rows nearest to `query`, the nearest first, ties by id. Exact: rows that are surely too far away by
/// their int8 levels are left out, the others are compared in float32, and those that rounding leaves in doubt are
/// scored again in double precision.
[[nodiscard]] std::vector<Hit> nearest(const VectorTable& table, Distance metric, std::span<const float> query,
                                       std::size_t count, const Selection& selection);

}  // namespace cloudflare::local
