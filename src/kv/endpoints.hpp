#pragma once

// The endpoints of Workers KV, v4 first, then EdgeBase. Columns: name, method, path under the base URL, retry
// class, form of the reply, the product's rules for replies.

#include "engine/endpoint.hpp"

namespace cloudflare::ops {

using detail::Endpoint;
using detail::Form;
using detail::Repeat;

extern const detail::ReplyRules kv_rules;

// clang-format off
#define CLOUDFLARE_KV "/accounts/{}/storage/kv/namespaces"
inline constexpr std::array kv_endpoints = {
    Endpoint{"kv.namespaces.list",   "GET",    CLOUDFLARE_KV,                   Repeat::read},
    Endpoint{"kv.namespaces.create", "POST",   CLOUDFLARE_KV,                   Repeat::once},
    Endpoint{"kv.namespaces.get",    "GET",    CLOUDFLARE_KV "/{}",             Repeat::read,       Form::envelope, &kv_rules},
    Endpoint{"kv.namespaces.rename", "PUT",    CLOUDFLARE_KV "/{}",             Repeat::idempotent, Form::envelope, &kv_rules},
    Endpoint{"kv.namespaces.remove", "DELETE", CLOUDFLARE_KV "/{}",             Repeat::idempotent, Form::envelope, &kv_rules},
    Endpoint{"kv.list",              "GET",    CLOUDFLARE_KV "/{}/keys",        Repeat::read,       Form::envelope, &kv_rules},
    Endpoint{"kv.get",               "GET",    CLOUDFLARE_KV "/{}/values/{}",   Repeat::read,       Form::raw,      &kv_rules},
    Endpoint{"kv.put",               "PUT",    CLOUDFLARE_KV "/{}/values/{}",   Repeat::idempotent, Form::envelope, &kv_rules},
    Endpoint{"kv.erase",             "DELETE", CLOUDFLARE_KV "/{}/values/{}",   Repeat::idempotent, Form::envelope, &kv_rules},
    Endpoint{"kv.metadata",          "GET",    CLOUDFLARE_KV "/{}/metadata/{}", Repeat::read,       Form::envelope, &kv_rules},
    Endpoint{"kv.put_bulk",          "PUT",    CLOUDFLARE_KV "/{}/bulk",        Repeat::idempotent, Form::envelope, &kv_rules},
    Endpoint{"kv.erase_bulk",        "POST",   CLOUDFLARE_KV "/{}/bulk/delete", Repeat::idempotent, Form::envelope, &kv_rules},
    Endpoint{"kv.erase_bulk_legacy", "DELETE", CLOUDFLARE_KV "/{}/bulk",        Repeat::idempotent, Form::envelope, &kv_rules},
    Endpoint{"kv.get_bulk",          "POST",   CLOUDFLARE_KV "/{}/bulk/get",    Repeat::read,       Form::envelope, &kv_rules},
    Endpoint{"edgebase.kv.get",      "POST",   "/api/kv/{}",                    Repeat::read,       Form::bare},
    Endpoint{"edgebase.kv.put",      "POST",   "/api/kv/{}",                    Repeat::idempotent, Form::bare},
    Endpoint{"edgebase.kv.erase",    "POST",   "/api/kv/{}",                    Repeat::idempotent, Form::bare},
    Endpoint{"edgebase.kv.list",     "POST",   "/api/kv/{}",                    Repeat::read,       Form::bare},
};
#undef CLOUDFLARE_KV
// clang-format on

consteval const Endpoint& kv_endpoint(std::string_view name) { return detail::row(kv_endpoints, name); }

}  // namespace cloudflare::ops
