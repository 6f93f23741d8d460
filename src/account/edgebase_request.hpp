#pragma once

// Requests to EdgeBase: one path for each resource, one JSON object in the body.

#include "base/json_in.hpp"
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

/// Reads the one member of a reply that matters.
template <class Read>
auto edgebase_member(detail::Reply& reply, std::string_view wanted, std::string_view what, Read read) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, what,
                           [&](detail::json::document& document) {
                             std::optional<decltype(read(std::declval<detail::json::value>()))> found;
                             for (auto field : document.get_object())
                               if (std::string_view(field.unescaped_key()) == wanted)
                                 found = read(field.value().value());
                             if (!found) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
                             return *std::move(found);
                           });
}

}  // namespace cloudflare::ops
