#pragma once

// The loops in which a search spends its time.

#include <array>
#include <cstddef>

namespace cloudflare::local {

/// The sum of `term` over two rows, in 16 independent sums that any compiler turns into vector instructions.
template <class Number, class Term>
[[nodiscard]] inline Number sum_of(const float* a, const float* b, std::size_t count, Term term) {
  std::array<Number, 16> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= count; i += sums.size())
    for (std::size_t lane = 0; lane < sums.size(); ++lane)
      sums[lane] += term(static_cast<Number>(a[i + lane]), static_cast<Number>(b[i + lane]));
  for (std::size_t lane = 0; i < count; ++i, ++lane)
    sums[lane] += term(static_cast<Number>(a[i]), static_cast<Number>(b[i]));
  for (std::size_t width = sums.size() / 2; width > 0; width /= 2)
    for (std::size_t lane = 0; lane < width; ++lane) sums[lane] += sums[lane + width];
  return sums[0];
}

template <class Number>
[[nodiscard]] inline Number dot(const float* a, const float* b, std::size_t count) {
  return sum_of<Number>(a, b, count, [](Number x, Number y) { return x * y; });
}

template <class Number>
[[nodiscard]] inline Number squared_distance(const float* a, const float* b, std::size_t count) {
  return sum_of<Number>(a, b, count, [](Number x, Number y) { return (x - y) * (x - y); });
}

/// The largest error of a sum of `count` terms in float, relative to the sum of their absolute values: each lane adds
/// count / 16 terms, the lanes are added in 4 steps, and a term has at most 3 roundings. Doubled for safety.
[[nodiscard]] inline double sum_error(std::size_t count) {
  constexpr double unit = 1.0 / (1U << 24U);
  return 2 * unit * (static_cast<double>(count) / 16 + 8);
}

/// The largest error that underflow causes in a sum of `count` terms.
[[nodiscard]] inline double underflow_error(std::size_t count) { return 1.2e-38 * static_cast<double>(count); }

}  // namespace cloudflare::local
