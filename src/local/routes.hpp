#pragma once

// Which handler answers which method and path: one table for the whole API.

#include "account.hpp"
#include "request.hpp"

namespace cloudflare::local {

using Handler = Reply (*)(Account&, Request&);

struct Route {
  Handler handler = nullptr;
  /// False for signed URLs, which carry their permission in the query.
  bool needs_credential = true;
};

/// The route of a request, with Request::captured filled. @throws ApiError  7003 nothing is there, 10405 wrong method
[[nodiscard]] Route find_route(Request& request);

}  // namespace cloudflare::local
