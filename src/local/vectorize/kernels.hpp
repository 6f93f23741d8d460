#pragma once

// The loops in which a search spends its time.

#include <array>
#include <cstddef>
#include <cstdint>

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

/// The highest level of a coarse row: its values are from -127 to 127 times its scale.
inline constexpr int coarse_levels = 127;

// Pieces of a fixed size, which any compiler turns into vector instructions.
[[gnu::always_inline]] inline std::int32_t sum_of_levels(const std::int8_t* row, const std::int16_t* query,
                                                         std::size_t count) {
  constexpr std::size_t piece = 64;
  std::int32_t sum = 0;
  std::size_t i = 0;
  for (; i + piece <= count; i += piece)
    for (std::size_t k = 0; k < piece; ++k) sum += std::int16_t{row[i + k]} * query[i + k];
  for (; i < count; ++i) sum += std::int16_t{row[i]} * query[i];
  return sum;
}

#if defined(__GNUC__) && defined(__x86_64__)
[[gnu::target("avx2")]] inline std::int32_t wide_sum_of_levels(const std::int8_t* row, const std::int16_t* query,
                                                               std::size_t count) {
  return sum_of_levels(row, query, count);
}
#endif

/// The exact product of a coarse row and a coarse query, whose levels are so few that no sum overflows.
[[nodiscard]] inline std::int32_t coarse_dot(const std::int8_t* row, const std::int16_t* query, std::size_t count) {
#if defined(__GNUC__) && defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return wide_sum_of_levels(row, query, count);
#endif
  return sum_of_levels(row, query, count);
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
