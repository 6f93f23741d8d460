#pragma once

// Keys and bodies of bulk requests.

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "../engine/core_support.hpp"

namespace core_tests {

/// "k0", "k1", …
inline std::vector<std::string> numbered(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back("k" + std::to_string(i));
  return keys;
}

inline std::size_t items_in(const std::string& body) { return nlohmann::json::parse(body).size(); }

}  // namespace core_tests
