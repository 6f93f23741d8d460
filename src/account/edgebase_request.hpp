#pragma once

// Requests to EdgeBase: one path for each resource, one JSON object in the body.

#include <string>
#include <string_view>

#include <cloudflare/detail/edgebase_ops.hpp>
#include <cloudflare/edgebase.hpp>

#include "engine/request.hpp"

namespace cloudflare::ops {

/// A request on the resource with this name, without its body.
[[nodiscard]] Result<detail::Request> edgebase_request(const detail::Endpoint& operation, const Context& context,
                                                       std::string_view name);
/// `{"action":"get"`, to be gone on with.
[[nodiscard]] std::string edgebase_action(std::string_view action);
/// Appends `,"name":"value"`.
void append_member(std::string& json, std::string_view name, std::string_view value);

}  // namespace cloudflare::ops
