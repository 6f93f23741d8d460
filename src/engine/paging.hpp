#pragma once

// Reads `result_info` and computes the next cursor.

#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/pages.hpp>

namespace cloudflare::detail {

struct PageInfo {
  ResultInfo info{};
  std::string cursor{};  ///< `cursor` or `cursors.after`. Empty at the end of the list, as absent, null and "" mean.
};

/// Reads the envelope's `result_info`; each member may be absent.
[[nodiscard]] Result<PageInfo> read_result_info(Reply& reply);

/// The page number that a cursor stands for; "" is page 1. nullopt if it is not a number.
[[nodiscard]] std::optional<int> page_number(std::string_view cursor);

/// The cursor of the page after `page`: empty if total_pages, total_count or a short page say that it was the last.
[[nodiscard]] std::string next_page(const ResultInfo& info, int page, int per_page, std::size_t items);

}  // namespace cloudflare::detail
