#pragma once

// URLs, and the base URL of a client, checked once.

#include <optional>
#include <string>
#include <string_view>

namespace cloudflare::detail {

/// The parts of a URL that decide whether it may be requested.
struct UrlParts {
  std::string host{};  ///< Lower case, without port.
  int port = 0;        ///< Given or by the scheme.
  bool https = false;
  bool loopback = false;
  bool bare = false;  ///< No user name, password, query or fragment, not even an empty one.
};

/// The parts of http(s)://…, or nullopt if `text` is not such a URL.
[[nodiscard]] std::optional<UrlParts> url_parts(const std::string& text);

struct BaseUrl : UrlParts {
  std::string text{};  ///< Without a trailing slash.
};

/// Throws invalid_argument unless `text` is http(s)://host[:port][/path] without user, query or fragment.
[[nodiscard]] BaseUrl parse_base_url(std::string_view text);

}  // namespace cloudflare::detail
