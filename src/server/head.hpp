#pragma once

// Checks the head of a request before anything else sees it: where its body ends, and whether it was meant for us.

#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/http/transport.hpp>

namespace cloudflare::server {

/// The names and addresses that this server goes by.
struct Names {
  bool tls = false;
  boost::asio::ip::address address{};  ///< The one it listens on.
  std::uint16_t port = 0;
  std::vector<std::string> allowed{};  ///< NAME with any port, or NAME:PORT, in lower case.

  /// True for "host:port" of loopback, of the address, and of what is allowed. A server that listens on every address
  /// goes by any of them: a web page can make a name point to this machine, but not an address.
  [[nodiscard]] bool are(std::string_view authority, bool needs_port) const;
  /// True for the origin of a page from this server or from an allowed one.
  [[nodiscard]] bool is_own_origin(std::string_view origin) const;
};

struct WrongHead {
  int status = 400;
  int code = 10010;
  std::string_view message{};
};

/// Nothing if the head says unambiguously where the request ends, and is for a server of these names.
[[nodiscard]] std::optional<WrongHead> find_wrong(const boost::beast::http::request_header<>& head, const Names& names);

}  // namespace cloudflare::server
