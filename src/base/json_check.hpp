#pragma once

// Checks JSON texts of the caller, which are spliced into requests unchanged.

#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

/// Whether `text` is one JSON value (RFC 8259, in UTF-8), nested no deeper than limits::json_depth.
[[nodiscard]] CLOUDFLARE_API bool is_json(std::string_view text) noexcept;

}  // namespace cloudflare::detail
