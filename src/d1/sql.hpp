#pragma once

// Facts about SQL text that need no parser.

#include <cstddef>
#include <string>
#include <string_view>

namespace cloudflare::ops {

struct SqlShape {
  /// Non-blank pieces between each `;` outside strings, quoted names and comments. A trigger's body counts as several
  /// pieces.
  std::size_t statements = 0;
  std::size_t longest = 0;  ///< Bytes of the longest piece.
  bool open = false;        ///< The last piece does not end with `;`.
  /// The text is one statement that begins with SELECT, VALUES or EXPLAIN, so it cannot write.
  bool reads = false;
};

[[nodiscard]] SqlShape shape_of(std::string_view sql);

/// `name` as an identifier: in double quotes, with inner quotes doubled.
[[nodiscard]] std::string quoted_name(std::string_view name);

/// Converts line ends to \n, except in strings and quoted names: D1 splits statements wrongly at \r\n.
[[nodiscard]] std::string with_plain_lines(std::string_view sql);

}  // namespace cloudflare::ops
