#pragma once

// Floats to ndjson and back by three readers.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/read_real.hpp"
#include "vectorize_support.hpp"

namespace round_trip {

/// `count` finite floats, their bit patterns spread evenly over all 2^32.
inline std::vector<float> sample(std::size_t count) {
  std::vector<float> floats;
  floats.reserve(count);
  for (std::uint32_t bits = 12'345; floats.size() < count; bits += 2'654'435'761U)  // odd: no pattern comes twice
    if (const float value = std::bit_cast<float>(bits); std::isfinite(value)) floats.push_back(value);
  return floats;
}

/// How many of the floats do not come back to the same bits, read as floats, as doubles, and by get_by_ids.
inline std::size_t losses(const std::vector<float>& floats) {
  using namespace vectorize_tests;
  constexpr std::size_t dimensions = 1000;
  const Scripted s;
  const auto index = index_of(s);
  const std::vector<std::string> ids{"a"};
  std::string text;
  s.fake->answer_with([&](const auto&) { return ok("[" + text + "]"); });
  std::size_t lost = 0;
  const auto same = [](float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); };
  for (std::size_t begin = 0; begin < floats.size(); begin += dimensions) {
    const auto values = std::span(floats).subspan(begin, std::min(dimensions, floats.size() - begin));
    text.clear();
    cf::ndjson::append(text, {.id = "a", .values = values});
    const char* at = text.data() + text.find('[') + 1;
    for (const float value : values) {
      float direct = 0;
      const auto [end, failed] = cf::detail::read_real(at, text.data() + text.size(), direct);
      char* end_of_double = nullptr;
      const auto through_double = static_cast<float>(std::strtod(at, &end_of_double));
      if (failed != std::errc() || end != end_of_double || !same(direct, value) || !same(through_double, value)) ++lost;
      at = end + 1;
    }
    const auto read = index.get_by_ids(ids).at(0).values;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (i >= read.size() || !same(read[i], values[i])) ++lost;
  }
  return lost;
}

}  // namespace round_trip
