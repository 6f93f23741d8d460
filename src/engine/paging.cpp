#include "engine/paging.hpp"

#include <charconv>

#include "base/json_in.hpp"

namespace cloudflare::detail {

Result<PageInfo> read_result_info(Reply& reply) {
  if (reply.info().empty() || reply.info() == "null") return PageInfo();
  return read_json(reply.http.body, reply.info_begin, reply.info_size, "result_info", [](json::document& document) {
    PageInfo page;
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      json::value value = field.value();
      if (value.is_null()) continue;
      if (name == "cursor")
        page.cursor = string(value);
      else if (name == "cursors")
        each_member(value, [&](std::string_view which, json::value text) {
          if (which == "after" && !text.is_null()) page.cursor = string(text);
        });
      else if (name == "count")
        page.info.count = integer(value);
      else if (name == "page")
        page.info.page = integer(value);
      else if (name == "per_page")
        page.info.per_page = integer(value);
      else if (name == "total_count")
        page.info.total_count = integer(value);
      else if (name == "total_pages")
        page.info.total_pages = integer(value);
    }
    return page;
  });
}

std::optional<int> page_number(std::string_view cursor) {
  if (cursor.empty()) return 1;
  int number = 0;
  const auto [end, failed] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
  if (failed != std::errc() || end != cursor.data() + cursor.size() || number < 1) return std::nullopt;
  return number;
}

std::string next_page(const ResultInfo& info, int page, int per_page, std::size_t items) {
  if (items == 0) return {};
  bool more = items >= static_cast<std::size_t>(info.per_page.value_or(per_page));
  if (info.total_pages)
    more = page < *info.total_pages;
  else if (info.total_count)
    more = static_cast<std::int64_t>(page) * info.per_page.value_or(per_page) < *info.total_count;
  return more ? std::to_string(page + 1) : std::string();
}

}  // namespace cloudflare::detail
