#pragma once

// `result_info`, and what follows from it.

#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/pages.hpp>

namespace cloudflare::detail {

struct PageInfo {
  ResultInfo info{};
  std::string cursor{};  ///< Absent, null and "" are the same: the end.
};

/// Reads the envelope's `result_info`; all of it may be absent.
[[nodiscard]] Result<PageInfo> read_result_info(Reply& reply);

/// The number that a cursor of a page-numbered list stands for; "" is page 1, nothing if it is no number.
[[nodiscard]] std::optional<int> page_number(std::string_view cursor);

/// The cursor of the page after `page`: empty if total_pages, total_count or a short page say that it was the last.
[[nodiscard]] std::string next_page(const ResultInfo& info, int page, int per_page, std::size_t items);

}  // namespace cloudflare::detail
