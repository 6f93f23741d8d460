#pragma once

// Requests to EdgeBase: one path for each resource, one JSON object in the body.

#include "engine/request.hpp"

namespace cloudflare::ops {

/// A request without a body on the resource with this name.
[[nodiscard]] inline Result<detail::Request> edgebase_request(const detail::Endpoint& endpoint,
                                                              const detail::RequestContext& context,
                                                              std::string_view name) {
  if (name.empty()) return invalid_argument("the name of the resource is empty");
  if (name == "." || name == "..") return invalid_argument("the resource names \".\" and \"..\" are not allowed");
  return detail::request_for(endpoint, context, {name});
}

/// The beginning of a body: `{"action":"get"`.
[[nodiscard]] inline std::string edgebase_action(std::string_view action) {
  return std::string(R"({"action":")").append(action).append("\"");
}

/// Appends `,"name":"value"`.
inline void append_member(std::string& json, std::string_view name, std::string_view value) {
  json.append(",\"").append(name).append("\":");
  detail::append_json_string(json, value);
}

}  // namespace cloudflare::ops
