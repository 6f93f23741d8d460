#pragma once

// A request to a path of the caller.

#include <string_view>

#include <cloudflare/client.hpp>

#include "account/endpoints.hpp"

namespace cloudflare::ops {

/// A request to any path under the base URL; an error if method or path cannot be sent. GET is of the class read.
[[nodiscard]] Result<detail::Request> request_to(const detail::RequestContext& context, std::string_view method,
                                                 std::string_view path, const Endpoint& endpoint);

}  // namespace cloudflare::ops
