#include "loop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace {

float dot(const float* a, const float* b, std::size_t size) {
  std::array<float, 16> sums{};
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16)
    for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  for (; i < size; ++i) sums[0] += a[i] * b[i];
  float sum = 0;
  for (const float lane : sums) sum += lane;
  return sum;
}

}  // namespace

std::vector<std::pair<float, std::size_t>> loop_search(const std::vector<float>& rows, const std::vector<float>& norms,
                                                       const std::vector<float>& query, std::size_t count) {
  const float query_norm = std::sqrt(dot(query.data(), query.data(), query.size()));
  std::vector<std::pair<float, std::size_t>> best;  // a heap, the worst in front
  for (std::size_t row = 0; row < norms.size(); ++row) {
    const float score = dot(query.data(), rows.data() + row * query.size(), query.size()) / (query_norm * norms[row]);
    if (best.size() == count && score <= best.front().first) continue;
    if (best.size() == count) {
      std::pop_heap(best.begin(), best.end(), std::greater<>());
      best.pop_back();
    }
    best.emplace_back(score, row);
    std::push_heap(best.begin(), best.end(), std::greater<>());
  }
  std::sort(best.begin(), best.end(), std::greater<>());
  return best;
}
