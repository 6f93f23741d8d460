#pragma once

// Vectorize's rules for filters and metadata, used by the client's checks and by the embedded store.
// Source: Cloudflare docs, "Metadata filtering".

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace cloudflare::detail {

enum class FilterOp : std::uint8_t { equal, not_equal, in, not_in, less, less_equal, greater, greater_equal };

[[nodiscard]] constexpr std::optional<FilterOp> find_filter_op(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, FilterOp>, 8> names{{{"$eq", FilterOp::equal},
                                                                        {"$ne", FilterOp::not_equal},
                                                                        {"$in", FilterOp::in},
                                                                        {"$nin", FilterOp::not_in},
                                                                        {"$lt", FilterOp::less},
                                                                        {"$lte", FilterOp::less_equal},
                                                                        {"$gt", FilterOp::greater},
                                                                        {"$gte", FilterOp::greater_equal}}};
  for (const auto& [known, op] : names)
    if (known == name) return op;
  return std::nullopt;
}

[[nodiscard]] constexpr bool takes_list(FilterOp op) { return op == FilterOp::in || op == FilterOp::not_in; }
[[nodiscard]] constexpr bool is_upper_bound(FilterOp op) { return op == FilterOp::less || op == FilterOp::less_equal; }
[[nodiscard]] constexpr bool is_lower_bound(FilterOp op) {
  return op == FilterOp::greater || op == FilterOp::greater_equal;
}

/// The operators that a filter applies to one property: one, or a lower and an upper bound.
class FilterOps {
 public:
  constexpr void add(FilterOp op) { ++(is_lower_bound(op) ? lower_ : is_upper_bound(op) ? upper_ : other_); }
  [[nodiscard]] constexpr bool allowed() const {
    return lower_ + upper_ + other_ == 1 || (lower_ == 1 && upper_ == 1 && other_ == 0);
  }

 private:
  int lower_ = 0;
  int upper_ = 0;
  int other_ = 0;
};

/// True if `key` has the form of a filter's key: not empty, no '"' or '|', no '$' in front. Does not check its length.
[[nodiscard]] constexpr bool is_filter_key(std::string_view key) {
  return !key.empty() && key.front() != '$' && key.find_first_of("\"|") == std::string_view::npos;
}
/// The same for a member of metadata, where a dot would mean nesting.
[[nodiscard]] constexpr bool is_metadata_key(std::string_view key) {
  return is_filter_key(key) && key.find('.') == std::string_view::npos;
}

/// A byte that is not the first one of its character in UTF-8.
[[nodiscard]] constexpr bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}
/// Characters of a text in UTF-8.
[[nodiscard]] constexpr std::size_t count_characters(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

}  // namespace cloudflare::detail
