#pragma once

// Compares metadata with a filter, as a query of the server would.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <cloudflare/vectorize/types.hpp>

#include "vectorize/rules.hpp"

namespace cloudflare::ops {

/// A string, number or boolean; monostate: null, or absent.
using FilterScalar = std::variant<std::monostate, bool, double, std::string>;

class FilterMatcher {
 public:
  /// An empty filter, which everything passes. `filter` must have passed check_filter().
  explicit FilterMatcher(const vectorize::Filter& filter);
  /// `metadata`: JSON text, or empty. Metadata that cannot be read passes no filter.
  [[nodiscard]] bool passes(const Metadata& metadata) const;

 private:
  struct Condition {
    std::string property{};
    detail::FilterOp op = detail::FilterOp::equal;
    std::vector<FilterScalar> operands{};
  };
  [[nodiscard]] static bool passes(const Condition& condition, const FilterScalar& value);

  std::vector<Condition> conditions_{};
};

}  // namespace cloudflare::ops
