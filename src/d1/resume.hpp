#pragma once

// Where an import or export stands, as text that another process can go on from. It holds no secret.

#include <cstdint>
#include <string>

#include "d1/common.hpp"

namespace cloudflare::ops {

struct ImportPoint {
  std::uint64_t parts = 0;  ///< Finished parts.
  std::uint64_t bytes = 0;  ///< Bytes of the text that these parts hold.
  std::string md5{};        ///< Of these bytes, so that another text is noticed. Empty for no bytes.
  std::string bookmark{};   ///< Of the part that D1 runs now; empty if it runs none.
  /// `bytes` and `md5` once that part is finished; 0 if the text is not split.
  std::uint64_t next_bytes = 0;
  std::string next_md5{};

  [[nodiscard]] bool empty() const noexcept { return parts == 0 && bookmark.empty(); }
  /// JSON; empty if there is nothing to go on from.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static Result<ImportPoint> parse(std::string_view text);
};

[[nodiscard]] std::string export_point(std::string_view bookmark);
/// The bookmark in an export's point.
[[nodiscard]] Result<std::string> parse_export_point(std::string_view text);

/// `error` with `point` as its result.
[[nodiscard]] Error resumable(const Error& error, std::string point);

}  // namespace cloudflare::ops
