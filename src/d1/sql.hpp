#pragma once

// What can be known of SQL text without parsing it.

#include <cstddef>
#include <string>
#include <string_view>

namespace cloudflare::ops {

struct SqlShape {
  /// Pieces between the `;` that stand outside strings, quoted names and comments, blank ones left out. A trigger's
  /// body counts as several.
  std::size_t statements = 0;
  std::size_t longest = 0;  ///< Bytes of the longest piece.
  bool open = false;        ///< No `;` ends the last piece.
  /// One statement that begins with SELECT, VALUES or EXPLAIN: it cannot write.
  bool reads = false;
};

[[nodiscard]] SqlShape shape_of(std::string_view sql);

/// `name` as an identifier: in double quotes, doubled inside.
[[nodiscard]] std::string quoted_name(std::string_view name);

/// Line ends as \n, but for those in strings and quoted names: D1 splits statements wrongly at \r\n.
[[nodiscard]] std::string with_plain_lines(std::string_view sql);

}  // namespace cloudflare::ops
