#pragma once

// The text of a progress bar, without its output.

#include <string>
#include <string_view>

#include <cloudflare/files/progress_bar.hpp>

namespace cloudflare::detail {

/// One line of at most `width` columns, without a line end.
[[nodiscard]] std::string progress_line(const BulkProgress& progress, std::string_view label, std::size_t width);

}  // namespace cloudflare::detail
