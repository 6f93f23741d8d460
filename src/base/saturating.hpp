#pragma once

// Arithmetic of times that stops at the limits of a type, where plain arithmetic would overflow.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ratio>

namespace cloudflare::detail {

/// `duration` in units of To, cut towards zero; the least or largest To if it does not fit.
template <class To, class Rep, class Period>
[[nodiscard]] constexpr To saturating_cast(std::chrono::duration<Rep, Period> duration) noexcept {
  using Factor = std::ratio_divide<Period, typename To::period>;
  static_assert(Factor::num == 1 || Factor::den == 1);
  const auto count = static_cast<std::int64_t>(duration.count());
  if (count > To::max().count() / Factor::num) return To::max();
  if (count < To::min().count() / Factor::num) return To::min();
  return To(count * Factor::num / Factor::den);
}

/// `a + b` of two durations of the same unit.
template <class Duration>
[[nodiscard]] constexpr Duration saturating_sum(Duration a, Duration b) noexcept {
  if (b > Duration::zero() && a > Duration::max() - b) return Duration::max();
  if (b < Duration::zero() && a < Duration::min() - b) return Duration::min();
  return a + b;
}

/// `time + duration`, in the unit of the time.
template <class Clock, class Unit, class Rep, class Period>
[[nodiscard]] constexpr std::chrono::time_point<Clock, Unit> saturating_add(
    std::chrono::time_point<Clock, Unit> time, std::chrono::duration<Rep, Period> duration) noexcept {
  using Point = std::chrono::time_point<Clock, Unit>;
  return Point(saturating_sum(time.time_since_epoch(), saturating_cast<Unit>(duration)));
}

/// `later - earlier`.
template <class Clock, class Unit>
[[nodiscard]] constexpr Unit saturating_difference(std::chrono::time_point<Clock, Unit> later,
                                                   std::chrono::time_point<Clock, Unit> earlier) noexcept {
  const Unit a = later.time_since_epoch();
  const Unit b = earlier.time_since_epoch();
  if (b < Unit::zero() && a > Unit::max() + b) return Unit::max();
  if (b > Unit::zero() && a < Unit::min() + b) return Unit::min();
  return a - b;
}

/// `duration` times `factor`, which is not negative.
template <class Duration>
[[nodiscard]] constexpr Duration saturating_multiple(Duration duration, std::int64_t factor) noexcept {
  if (factor == 0) return Duration::zero();
  if (duration > Duration::max() / factor) return Duration::max();
  if (duration < Duration::min() / factor) return Duration::min();
  return duration * factor;
}

/// A computed number of milliseconds, rounded.
[[nodiscard]] inline std::chrono::milliseconds saturating_milliseconds(double count) noexcept {
  constexpr double end = 9.2e18;
  return std::chrono::milliseconds(std::llround(std::clamp(std::isnan(count) ? end : count, -end, end)));
}

}  // namespace cloudflare::detail
