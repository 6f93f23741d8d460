#pragma once

// A number of JSON as JavaScript reads it. simdjson refuses integers beyond 64 bits and numbers like 1e400.

#include <optional>
#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

/// The double nearest to the number: infinite if it is too large for one, 0 if it is too small. nullopt if `token` is
/// not a JSON number.
[[nodiscard]] CLOUDFLARE_API std::optional<double> read_json_number(std::string_view token);

}  // namespace cloudflare::detail
