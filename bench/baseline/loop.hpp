#pragma once

// Search as a plain loop: one row after the other, in float, with 16 independent sums; compiled with -O3.

#include <cstddef>
#include <utility>
#include <vector>

/// The `count` rows with the largest cosine to `query`, the nearest first. `norms` holds the norm of each row.
std::vector<std::pair<float, std::size_t>> loop_search(const std::vector<float>& rows, const std::vector<float>& norms,
                                                       const std::vector<float>& query, std::size_t count);
