#pragma once

// Builds a request from an endpoint.

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/clock.hpp>

#include "base/encode.hpp"
#include "engine/endpoint.hpp"

namespace cloudflare::detail {

/// A request for `endpoint` with `arguments`, percent-encoded, for the `{}` of its path.
[[nodiscard]] Request request_for(const Endpoint& endpoint, const RequestContext& context,
                                  std::initializer_list<std::string_view> arguments);

/// The same with the client's account id as the first argument; an error if the client has none.
[[nodiscard]] Result<Request> account_request(
    const Endpoint& endpoint, const RequestContext& context,
    std::initializer_list<std::string_view> arguments = std::initializer_list<std::string_view>());

/// Appends `?name=value` or `&name=value`, the value percent-encoded.
void add_query(Request& request, std::string_view name, std::string_view value);

/// Sets a JSON body.
void set_json(Request& request, std::string json);
/// The request with a JSON body, or `error` if there is one.
[[nodiscard]] Result<Request> with_json(Result<Request> request, std::optional<Error> error, std::string json);

[[nodiscard]] inline bool checks_limits(const RequestContext& context) {
  return context.call.check_limits.value_or(context.options->check_limits);
}

/// Seconds since the epoch by the client's clock.
[[nodiscard]] inline std::chrono::sys_seconds wall_time(const RequestContext& context) {
  return context.options->clock->wall();
}

/// How many requests of a `_many` call may be under way: its own option, the handle's or the client's.
[[nodiscard]] inline int most_in_flight(const RequestContext& context, const std::optional<int>& option) {
  return std::max(1, option.value_or(context.call.in_flight.value_or(context.options->in_flight)));
}

}  // namespace cloudflare::detail
