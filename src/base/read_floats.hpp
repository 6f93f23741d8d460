#pragma once

// Floats from the text of a JSON array.

#include <string_view>
#include <vector>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

/// Appends the numbers of `array`, which begins with '[' and is a slice of a text in simdjson's padding. Each becomes
/// the nearest float32. Beyond float32 it becomes infinity, and beyond float64 it is refused, as simdjson refuses it.
/// @throws simdjson_error
CLOUDFLARE_API void read_floats(std::vector<float>& to, std::string_view array);

}  // namespace cloudflare::detail
