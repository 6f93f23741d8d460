#pragma once

// The endpoints of the account: token verification, and those for paths of the caller. Columns: name, method, path
// under the base URL, retry class, form of the reply.

#include "engine/endpoint.hpp"

namespace cloudflare::ops {

using detail::Endpoint;
using detail::Form;
using detail::Repeat;

// clang-format off
inline constexpr std::array account_endpoints = {
    Endpoint{"client.verify_token",         "GET", "/user/tokens/verify",        Repeat::read},
    Endpoint{"client.verify_account_token", "GET", "/accounts/{}/tokens/verify", Repeat::read},
    Endpoint{"client.request",              "",    "",                           Repeat::once},
    Endpoint{"client.request_raw",          "",    "",                           Repeat::once, Form::open},
    Endpoint{"client.request_any_status",   "",    "",                           Repeat::once, Form::any},
    Endpoint{"client.pages",                "GET", "",                           Repeat::read},
};
// clang-format on

consteval const Endpoint& account_endpoint(std::string_view name) { return detail::row(account_endpoints, name); }

}  // namespace cloudflare::ops
