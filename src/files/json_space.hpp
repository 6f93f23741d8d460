#pragma once

// Compares metadata whatever its white space.

#include <simdjson.h>

#include <string>

namespace cloudflare::detail {

/// `json` without white space between its tokens; unchanged if it is not JSON.
inline std::string without_space(const std::string& json) {
  std::string out(json.size(), '\0');
  std::size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), out.data(), size) != simdjson::SUCCESS) return json;
  out.resize(size);
  return out;
}

}  // namespace cloudflare::detail
