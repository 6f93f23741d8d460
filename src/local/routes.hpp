#pragma once

// Which handler answers which method and path: one table for the whole API.

#include <cstdint>
#include <optional>
#include <string_view>

#include "local/account.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

using Handler = Reply (*)(Account&, Request&);

struct Route {
  std::string_view method;
  std::string_view path;  ///< `{}` stands for one segment of any text.
  Handler handler;
  std::uint64_t body_bytes;  ///< The largest body that its handler accepts.
  /// Refuses a request by its head, on a route that needs no credential.
  std::optional<Reply> (*gate)(Account&, const Request&) = nullptr;
};

/// The route of a request, with Request::captured filled. @throws ApiError  7003 no such route, 10405 wrong method
[[nodiscard]] const Route& find_route(Request& request);

}  // namespace cloudflare::local
