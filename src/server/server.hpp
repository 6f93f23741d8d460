#pragma once

// The HTTP face of the embedded store.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/gateway.hpp"

namespace cloudflare::server {

struct ServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string certificate{};  ///< PEM files; both or neither.
  std::string certificate_key{};
};

/// Serves until SIGTERM or SIGINT; `ready` is called with "http://127.0.0.1:8787" once connections are accepted.
/// Requests that have begun are finished first. @throws std::exception  the address or the certificate cannot be used
void serve(const ServerSettings& settings, Gateway& gateway, const std::function<void(const std::string&)>& ready);

}  // namespace cloudflare::server
