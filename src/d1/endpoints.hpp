#pragma once

// The endpoints of D1, v4 first, then EdgeBase. Columns: name, method, path under the base URL, retry class, form of
// the reply, the product's rules for replies.

#include "engine/endpoint.hpp"

namespace cloudflare::ops {

using detail::Endpoint;
using detail::Form;
using detail::Repeat;

/// D1 tells overload, restarts and used-up daily limits by message text, under several codes.
extern const detail::ReplyRules d1_rules;
/// The same for endpoints that run SQL within 30 seconds: a large request is better imported.
extern const detail::ReplyRules sql_rules;

// clang-format off
#define CLOUDFLARE_D1 "/accounts/{}/d1/database"
inline constexpr std::array d1_endpoints = {
    Endpoint{"d1.databases.list",    "GET",    CLOUDFLARE_D1,                            Repeat::read,       Form::envelope, &d1_rules},
    Endpoint{"d1.databases.create",  "POST",   CLOUDFLARE_D1,                            Repeat::once,       Form::envelope, &d1_rules},
    Endpoint{"d1.databases.get",     "GET",    CLOUDFLARE_D1 "/{}",                      Repeat::read,       Form::envelope, &d1_rules},
    Endpoint{"d1.databases.replace", "PUT",    CLOUDFLARE_D1 "/{}",                      Repeat::idempotent, Form::envelope, &d1_rules},
    Endpoint{"d1.databases.update",  "PATCH",  CLOUDFLARE_D1 "/{}",                      Repeat::idempotent, Form::envelope, &d1_rules},
    Endpoint{"d1.databases.remove",  "DELETE", CLOUDFLARE_D1 "/{}",                      Repeat::idempotent, Form::envelope, &d1_rules},
    Endpoint{"d1.execute",           "POST",   CLOUDFLARE_D1 "/{}/raw",                  Repeat::once,       Form::envelope, &sql_rules},  // or read
    Endpoint{"d1.query",             "POST",   CLOUDFLARE_D1 "/{}/raw",                  Repeat::once,       Form::rows, &sql_rules},  // or read
    Endpoint{"d1.for_each_row",      "POST",   CLOUDFLARE_D1 "/{}/raw",                  Repeat::once,       Form::rows, &sql_rules},  // or read
    Endpoint{"d1.query_json",        "POST",   CLOUDFLARE_D1 "/{}/query",                Repeat::once,       Form::envelope, &sql_rules},  // or read
    Endpoint{"d1.batch",             "POST",   CLOUDFLARE_D1 "/{}/raw",                  Repeat::once,       Form::envelope, &sql_rules},
    Endpoint{"d1.insert_many",       "POST",   CLOUDFLARE_D1 "/{}/query",                Repeat::once,       Form::envelope, &sql_rules},
    Endpoint{"d1.import.init",       "POST",   CLOUDFLARE_D1 "/{}/import",               Repeat::idempotent, Form::envelope, &d1_rules},
    Endpoint{"d1.import.ingest",     "POST",   CLOUDFLARE_D1 "/{}/import",               Repeat::once,       Form::envelope, &d1_rules},
    Endpoint{"d1.import.poll",       "POST",   CLOUDFLARE_D1 "/{}/import",               Repeat::idempotent, Form::envelope, &d1_rules},
    Endpoint{"d1.import.upload",     "PUT",    "",                                       Repeat::idempotent, Form::raw, &d1_rules},
    Endpoint{"d1.export",            "POST",   CLOUDFLARE_D1 "/{}/export",               Repeat::read,       Form::envelope, &d1_rules},
    Endpoint{"d1.export.download",   "GET",    "",                                       Repeat::read,       Form::raw, &d1_rules},
    Endpoint{"d1.bookmark",          "GET",    CLOUDFLARE_D1 "/{}/time_travel/bookmark", Repeat::read,       Form::envelope, &d1_rules},
    Endpoint{"d1.restore",           "POST",   CLOUDFLARE_D1 "/{}/time_travel/restore",  Repeat::once,       Form::envelope, &d1_rules},
    Endpoint{"edgebase.d1.query",    "POST",   "/api/d1/{}",                             Repeat::once,       Form::bare, &d1_rules},  // or read
};
#undef CLOUDFLARE_D1
// clang-format on

consteval const Endpoint& d1_endpoint(std::string_view name) { return detail::row(d1_endpoints, name); }

}  // namespace cloudflare::ops
