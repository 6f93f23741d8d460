#pragma once

// The HTTP server of the embedded store.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/gateway.hpp"
#include "server/limits.hpp"

namespace cloudflare::server {

struct ServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string certificate{};  ///< PEM files; both or neither.
  std::string certificate_key{};
  std::vector<std::string> allowed_hosts{};  ///< Names besides those of loopback and of `host`.
  ServerLimits limits{};
};

/// Serves until SIGTERM or SIGINT; `ready` is called with "http://127.0.0.1:8787" once connections are accepted.
/// Requests under way get a while to end; if one of them does not, the process exits with code 0.
/// @throws std::exception  the address or the certificate cannot be used
void serve(const ServerSettings& settings, Gateway& gateway, const std::function<void(const std::string&)>& ready);

}  // namespace cloudflare::server
