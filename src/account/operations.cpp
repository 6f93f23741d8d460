#include <cloudflare/client.hpp>

#include <algorithm>

#include "account/any_path.hpp"
#include "account/endpoints.hpp"
#include "base/json_in.hpp"
#include "engine/request.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;

Result<TokenStatus> read_token_status(detail::Reply&& reply) {
  return detail::read_json(
      reply.http.body, reply.result_begin, reply.result_size, "the token status", [](json::document& document) {
        TokenStatus status;
        const auto time = [](json::value value) {
          return value.is_null() ? std::nullopt : detail::parse_rfc3339(value.get_string().value());
        };
        for (auto field : document.get_object()) {
          const std::string_view name = field.unescaped_key();
          json::value value = field.value();
          if (name == "id")
            status.id = detail::string(value);
          else if (name == "status")
            status.status = detail::string(value);
          else if (name == "expires_on")
            status.expires_on = time(value);
          else if (name == "not_before")
            status.not_before = time(value);
        }
        return status;
      });
}

}  // namespace

Result<detail::Request> request_to(const detail::RequestContext& context, std::string_view method,
                                   std::string_view path, const Endpoint& endpoint) {
  const bool good_method =
      !method.empty() && std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!good_method) return invalid_argument("the method must be upper-case letters, like GET");
  if (!path.starts_with('/')) return invalid_argument("the path must begin with /, it follows /client/v4");
  const bool good_path = std::all_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '#';
  });
  if (!good_path)
    return invalid_argument("the path holds a space, control character, # or non-ASCII letter; encode it");
  detail::Request request = detail::request_for(endpoint, context, {});
  if (method == "GET") request.repeat = detail::Repeat::read;
  request.http.method = method;
  request.http.url = path;
  return request;
}

detail::Call<TokenStatus> verify_user_token(const detail::RequestContext& context) {
  return {detail::request_for(account_endpoint("client.verify_token"), context, {}), read_token_status};
}

detail::Call<TokenStatus> verify_account_token(const detail::RequestContext& context) {
  return {detail::account_request(account_endpoint("client.verify_account_token"), context), read_token_status};
}

detail::Call<JsonText> any_request(const detail::RequestContext& context, std::string_view method,
                                   std::string_view path, const JsonText& body) {
  auto request = request_to(context, method, path, account_endpoint("client.request"));
  if (request && !body.empty()) detail::set_json(*request, body.text());
  return {std::move(request), [](detail::Reply&& reply) -> Result<JsonText> {
            return reply.result_size == 0 ? JsonText() : JsonText::raw(std::string(reply.result()));
          }};
}

}  // namespace cloudflare::ops
