#pragma once

// Every operation of the API in one table: name, method, path under /client/v4, retry class, form of the reply.

#include <array>

#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail::table {

// clang-format off
#define CLOUDFLARE_KV "/accounts/{}/storage/kv/namespaces"
inline constexpr Operation
    verify_user_token    {"client.verify_token", "GET", "/user/tokens/verify", Repeat::read},
    verify_account_token {"client.verify_account_token", "GET", "/accounts/{}/tokens/verify", Repeat::read},

    any_read             {"client.request", "GET", "", Repeat::read},
    any_other            {"client.request", "",    "", Repeat::once},

    kv_list_namespaces   {"kv.namespaces.list",   "GET",    CLOUDFLARE_KV,                    Repeat::read},
    kv_create_namespace  {"kv.namespaces.create", "POST",   CLOUDFLARE_KV,                    Repeat::once},
    kv_get_namespace     {"kv.namespaces.get",    "GET",    CLOUDFLARE_KV "/{}",              Repeat::read},
    kv_rename_namespace  {"kv.namespaces.rename", "PUT",    CLOUDFLARE_KV "/{}",              Repeat::idempotent},
    kv_remove_namespace  {"kv.namespaces.remove", "DELETE", CLOUDFLARE_KV "/{}",              Repeat::idempotent},
    kv_list_keys         {"kv.list",              "GET",    CLOUDFLARE_KV "/{}/keys",         Repeat::read},
    kv_get               {"kv.get",               "GET",    CLOUDFLARE_KV "/{}/values/{}",    Repeat::read, Form::raw},
    kv_put               {"kv.put",               "PUT",    CLOUDFLARE_KV "/{}/values/{}",    Repeat::idempotent},
    kv_erase             {"kv.erase",             "DELETE", CLOUDFLARE_KV "/{}/values/{}",    Repeat::idempotent},
    kv_metadata          {"kv.metadata",          "GET",    CLOUDFLARE_KV "/{}/metadata/{}",  Repeat::read},
    kv_put_bulk          {"kv.put_bulk",          "PUT",    CLOUDFLARE_KV "/{}/bulk",         Repeat::idempotent},
    kv_erase_bulk        {"kv.erase_bulk",        "POST",   CLOUDFLARE_KV "/{}/bulk/delete",  Repeat::idempotent},
    kv_erase_bulk_legacy {"kv.erase_bulk_legacy", "DELETE", CLOUDFLARE_KV "/{}/bulk",         Repeat::idempotent},
    kv_get_bulk          {"kv.get_bulk",          "POST",   CLOUDFLARE_KV "/{}/bulk/get",     Repeat::read};
#undef CLOUDFLARE_KV
// clang-format on

/// All that have a path, for tests.
inline constexpr std::array all = {
    &verify_user_token,
    &verify_account_token,
    &kv_list_namespaces,
    &kv_create_namespace,
    &kv_get_namespace,
    &kv_rename_namespace,
    &kv_remove_namespace,
    &kv_list_keys,
    &kv_get,
    &kv_put,
    &kv_erase,
    &kv_metadata,
    &kv_put_bulk,
    &kv_erase_bulk,
    &kv_erase_bulk_legacy,
    &kv_get_bulk,
};

}  // namespace cloudflare::detail::table
