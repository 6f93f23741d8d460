#pragma once

// Which handler answers which method and path: one table for the whole API.

#include "local/account.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

using Handler = Reply (*)(Account&, Request&);

/// The handler of a request, with Request::captured filled. @throws ApiError  7003 nothing is there, 10405 wrong method
[[nodiscard]] Handler find_handler(Request& request);

}  // namespace cloudflare::local
