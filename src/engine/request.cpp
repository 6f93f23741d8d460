#include "engine/request.hpp"

namespace cloudflare::detail {

Request request_for(const Endpoint& endpoint, const RequestContext& context,
                    std::initializer_list<std::string_view> arguments) {
  Request request{.endpoint = &endpoint, .repeat = endpoint.repeat};
  request.http.method = endpoint.method;
  // Asks Cloudflare's error pages for JSON as well. The raw bytes of a value may be of any type.
  const bool json = endpoint.form != Form::raw && endpoint.form != Form::open && endpoint.form != Form::any;
  if (json) request.http.headers.push_back({"Accept", "application/json"});
  request.http.reply_limit = context.options->reply_limit;
  request.http.url.reserve(256);
  std::string_view rest = endpoint.path;
  for (const std::string_view argument : arguments) {
    const std::size_t hole = rest.find("{}");
    request.http.url.append(rest.substr(0, hole));
    append_percent_encoded(request.http.url, argument);
    rest.remove_prefix(hole + 2);
  }
  request.http.url.append(rest);
  return request;
}

Result<Request> account_request(const Endpoint& endpoint, const RequestContext& context,
                                std::initializer_list<std::string_view> arguments) {
  const std::string& account = context.options->account_id;
  if (account.empty())
    return invalid_argument("the client has no account id; set ClientOptions::account_id or CLOUDFLARE_ACCOUNT_ID");
  switch (arguments.size()) {
    case 0: return request_for(endpoint, context, {account});
    case 1: return request_for(endpoint, context, {account, arguments.begin()[0]});
    default: return request_for(endpoint, context, {account, arguments.begin()[0], arguments.begin()[1]});
  }
}

void add_query(Request& request, std::string_view name, std::string_view value) {
  std::string& url = request.http.url;
  url.push_back(url.find('?') == std::string::npos ? '?' : '&');
  url.append(name).push_back('=');
  append_percent_encoded(url, value);
}

void set_json(Request& request, std::string json) {
  request.http.headers.push_back({"Content-Type", "application/json"});
  request.http.body = Body(std::move(json));
}

Result<Request> with_json(Result<Request> request, std::optional<Error> error, std::string json) {
  if (request && error) return std::move(*error);
  if (request) set_json(*request, std::move(json));
  return request;
}

}  // namespace cloudflare::detail
