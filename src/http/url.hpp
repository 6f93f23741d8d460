#pragma once

// The base URL of a client, checked once.

#include <string>
#include <string_view>

namespace cloudflare::detail {

struct BaseUrl {
  std::string text{};  ///< Without a trailing slash.
  std::string host{};  ///< Lower case, without port.
  bool https = false;
  bool loopback = false;
};

/// Throws invalid_argument unless `text` is http(s)://host[:port][/path] without user, query or fragment.
[[nodiscard]] BaseUrl parse_base_url(std::string_view text);

}  // namespace cloudflare::detail
