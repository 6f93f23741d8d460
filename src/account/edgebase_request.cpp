#include "account/edgebase_request.hpp"

namespace cloudflare::ops {

Result<detail::Request> edgebase_request(const detail::Endpoint& operation, const Context& context,
                                         std::string_view name) {
  if (name.empty()) return invalid_argument("the name of the resource is empty");
  if (name == "." || name == "..") return invalid_argument("the resource names \".\" and \"..\" are not allowed");
  return detail::request_for(operation, context, {name});
}

std::string edgebase_action(std::string_view action) {
  return std::string(R"({"action":")").append(action).append("\"");
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
  json.append(",\"").append(name).append("\":");
  detail::append_json_string(json, value);
}

}  // namespace cloudflare::ops
