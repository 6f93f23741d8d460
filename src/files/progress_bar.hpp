#pragma once

// What a progress bar says, apart from where it says it.

#include <string>
#include <string_view>

#include <cloudflare/files/progress_bar.hpp>

namespace cloudflare::detail {

/// One line of at most `width` columns, without its end.
[[nodiscard]] std::string progress_line(const BulkProgress& progress, std::string_view label, std::size_t width);

}  // namespace cloudflare::detail
