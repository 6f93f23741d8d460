#pragma once

// Tokens in files.

#include <functional>
#include <string>

namespace cloudflare::detail {

/// Reads the API token in a file; throws an Error that names the path.
[[nodiscard]] std::function<std::string()> token_reader(std::string path);

}  // namespace cloudflare::detail
