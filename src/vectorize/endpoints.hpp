#pragma once

// The endpoints of Vectorize, v4 first, then EdgeBase. Columns: name, method, path under the base URL, retry class,
// form of the reply, the product's rules for replies.

#include "engine/endpoint.hpp"

namespace cloudflare::ops {

using detail::Endpoint;
using detail::Form;
using detail::Repeat;

/// EdgeBase without a Vectorize binding answers with an empty stub and status 200.
extern const detail::ReplyRules stub_rules;

// clang-format off
#define CLOUDFLARE_VECTORIZE "/accounts/{}/vectorize/v2/indexes"
inline constexpr std::array vectorize_endpoints = {
    Endpoint{"vectorize.indexes.list",          "GET",    CLOUDFLARE_VECTORIZE,                             Repeat::read},
    Endpoint{"vectorize.indexes.create",        "POST",   CLOUDFLARE_VECTORIZE,                             Repeat::once},
    Endpoint{"vectorize.indexes.get",           "GET",    CLOUDFLARE_VECTORIZE "/{}",                       Repeat::read},
    Endpoint{"vectorize.indexes.remove",        "DELETE", CLOUDFLARE_VECTORIZE "/{}",                       Repeat::idempotent},
    Endpoint{"vectorize.info",                  "GET",    CLOUDFLARE_VECTORIZE "/{}/info",                  Repeat::read},
    Endpoint{"vectorize.insert",                "POST",   CLOUDFLARE_VECTORIZE "/{}/insert",                Repeat::idempotent},
    Endpoint{"vectorize.upsert",                "POST",   CLOUDFLARE_VECTORIZE "/{}/upsert",                Repeat::idempotent},
    Endpoint{"vectorize.query",                 "POST",   CLOUDFLARE_VECTORIZE "/{}/query",                 Repeat::read},
    Endpoint{"vectorize.get_by_ids",            "POST",   CLOUDFLARE_VECTORIZE "/{}/get_by_ids",            Repeat::read},
    Endpoint{"vectorize.erase_by_ids",          "POST",   CLOUDFLARE_VECTORIZE "/{}/delete_by_ids",         Repeat::idempotent},
    Endpoint{"vectorize.list",                  "GET",    CLOUDFLARE_VECTORIZE "/{}/list",                  Repeat::read},
    Endpoint{"vectorize.create_metadata_index", "POST",   CLOUDFLARE_VECTORIZE "/{}/metadata_index/create", Repeat::once},
    Endpoint{"vectorize.list_metadata_indexes", "GET",    CLOUDFLARE_VECTORIZE "/{}/metadata_index/list",   Repeat::read},
    Endpoint{"vectorize.erase_metadata_index",  "POST",   CLOUDFLARE_VECTORIZE "/{}/metadata_index/delete", Repeat::idempotent},
    Endpoint{"edgebase.vectorize.info",         "POST",   "/api/vectorize/{}",                              Repeat::read,       Form::bare, &stub_rules},
    Endpoint{"edgebase.vectorize.insert",       "POST",   "/api/vectorize/{}",                              Repeat::idempotent, Form::bare, &stub_rules},
    Endpoint{"edgebase.vectorize.upsert",       "POST",   "/api/vectorize/{}",                              Repeat::idempotent, Form::bare, &stub_rules},
    Endpoint{"edgebase.vectorize.query",        "POST",   "/api/vectorize/{}",                              Repeat::read,       Form::bare, &stub_rules},
    Endpoint{"edgebase.vectorize.get_by_ids",   "POST",   "/api/vectorize/{}",                              Repeat::read,       Form::bare, &stub_rules},
    Endpoint{"edgebase.vectorize.erase_by_ids", "POST",   "/api/vectorize/{}",                              Repeat::idempotent, Form::bare, &stub_rules},
};
#undef CLOUDFLARE_VECTORIZE
// clang-format on

consteval const Endpoint& vectorize_endpoint(std::string_view name) { return detail::row(vectorize_endpoints, name); }

}  // namespace cloudflare::ops
