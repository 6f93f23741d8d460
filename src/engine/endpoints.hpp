#pragma once

// Every operation of the API in one table: name, method, path under the base URL, retry class, form of the reply.

#include <array>

#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail::table {

// clang-format off
#define CLOUDFLARE_KV "/accounts/{}/storage/kv/namespaces"
#define CLOUDFLARE_D1 "/accounts/{}/d1/database"
inline constexpr Endpoint
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
    kv_get_bulk          {"kv.get_bulk",          "POST",   CLOUDFLARE_KV "/{}/bulk/get",     Repeat::read},

    d1_list_databases    {"d1.databases.list",    "GET",    CLOUDFLARE_D1,                    Repeat::read},
    d1_create_database   {"d1.databases.create",  "POST",   CLOUDFLARE_D1,                    Repeat::once},
    d1_get_database      {"d1.databases.get",     "GET",    CLOUDFLARE_D1 "/{}",              Repeat::read},
    d1_replace_database  {"d1.databases.replace", "PUT",    CLOUDFLARE_D1 "/{}",              Repeat::idempotent},
    d1_update_database   {"d1.databases.update",  "PATCH",  CLOUDFLARE_D1 "/{}",              Repeat::idempotent},
    d1_remove_database   {"d1.databases.remove",  "DELETE", CLOUDFLARE_D1 "/{}",              Repeat::idempotent},
    d1_raw               {"d1.query",             "POST",   CLOUDFLARE_D1 "/{}/raw",          Repeat::once},  // or read
    d1_rows              {"d1.query",             "POST",   CLOUDFLARE_D1 "/{}/raw",          Repeat::once, Form::rows},  // or read
    d1_query             {"d1.query_json",        "POST",   CLOUDFLARE_D1 "/{}/query",        Repeat::once},  // or read
    d1_batch             {"d1.batch",             "POST",   CLOUDFLARE_D1 "/{}/raw",          Repeat::once},
    d1_insert            {"d1.insert_many",       "POST",   CLOUDFLARE_D1 "/{}/query",        Repeat::once},
    d1_import_init       {"d1.import.init",       "POST",   CLOUDFLARE_D1 "/{}/import",       Repeat::idempotent},
    d1_import_ingest     {"d1.import.ingest",     "POST",   CLOUDFLARE_D1 "/{}/import",       Repeat::once},
    d1_import_poll       {"d1.import.poll",       "POST",   CLOUDFLARE_D1 "/{}/import",       Repeat::idempotent},
    d1_import_upload     {"d1.import.upload",     "PUT",    "",                               Repeat::idempotent, Form::raw},
    d1_export            {"d1.export",            "POST",   CLOUDFLARE_D1 "/{}/export",       Repeat::read},
    d1_export_download   {"d1.export.download",   "GET",    "",                               Repeat::read, Form::raw},
    d1_bookmark          {"d1.bookmark",          "GET",    CLOUDFLARE_D1 "/{}/time_travel/bookmark", Repeat::read},
    d1_restore           {"d1.restore",           "POST",   CLOUDFLARE_D1 "/{}/time_travel/restore",  Repeat::once};
#undef CLOUDFLARE_KV
#undef CLOUDFLARE_D1

#define CLOUDFLARE_VECTORIZE "/accounts/{}/vectorize/v2/indexes"
inline constexpr Endpoint
    vectorize_list_indexes {"vectorize.indexes.list",   "GET",    CLOUDFLARE_VECTORIZE,                       Repeat::read},
    vectorize_create       {"vectorize.indexes.create", "POST",   CLOUDFLARE_VECTORIZE,                       Repeat::once},
    vectorize_get_index    {"vectorize.indexes.get",    "GET",    CLOUDFLARE_VECTORIZE "/{}",                 Repeat::read},
    vectorize_remove       {"vectorize.indexes.remove", "DELETE", CLOUDFLARE_VECTORIZE "/{}",                 Repeat::idempotent},
    vectorize_info         {"vectorize.info",           "GET",    CLOUDFLARE_VECTORIZE "/{}/info",            Repeat::read},
    vectorize_insert       {"vectorize.insert",         "POST",   CLOUDFLARE_VECTORIZE "/{}/insert",          Repeat::idempotent},
    vectorize_upsert       {"vectorize.upsert",         "POST",   CLOUDFLARE_VECTORIZE "/{}/upsert",          Repeat::idempotent},
    vectorize_query        {"vectorize.query",          "POST",   CLOUDFLARE_VECTORIZE "/{}/query",           Repeat::read},
    vectorize_get_by_ids   {"vectorize.get_by_ids",     "POST",   CLOUDFLARE_VECTORIZE "/{}/get_by_ids",      Repeat::read},
    vectorize_erase_by_ids {"vectorize.erase_by_ids",   "POST",   CLOUDFLARE_VECTORIZE "/{}/delete_by_ids",   Repeat::idempotent},
    vectorize_list         {"vectorize.list",           "GET",    CLOUDFLARE_VECTORIZE "/{}/list",            Repeat::read},
    vectorize_create_metadata_index {"vectorize.create_metadata_index", "POST", CLOUDFLARE_VECTORIZE "/{}/metadata_index/create", Repeat::once},
    vectorize_list_metadata_indexes {"vectorize.list_metadata_indexes", "GET",  CLOUDFLARE_VECTORIZE "/{}/metadata_index/list",   Repeat::read},
    vectorize_erase_metadata_index  {"vectorize.erase_metadata_index",  "POST", CLOUDFLARE_VECTORIZE "/{}/metadata_index/delete", Repeat::idempotent};
#undef CLOUDFLARE_VECTORIZE

// EdgeBase, under a base URL of its own; `action` in the body says what is done.
inline constexpr Endpoint
    edgebase_kv_get    {"edgebase.kv.get",   "POST", "/api/kv/{}", Repeat::read,       Form::bare},
    edgebase_kv_put    {"edgebase.kv.put",   "POST", "/api/kv/{}", Repeat::idempotent, Form::bare},
    edgebase_kv_erase  {"edgebase.kv.erase", "POST", "/api/kv/{}", Repeat::idempotent, Form::bare},
    edgebase_kv_list   {"edgebase.kv.list",  "POST", "/api/kv/{}", Repeat::read,       Form::bare},
    edgebase_d1_query  {"edgebase.d1.query", "POST", "/api/d1/{}", Repeat::once,       Form::bare},  // or read
    edgebase_vectorize_info         {"edgebase.vectorize.info",         "POST", "/api/vectorize/{}", Repeat::read,       Form::bare},
    edgebase_vectorize_insert       {"edgebase.vectorize.insert",       "POST", "/api/vectorize/{}", Repeat::idempotent, Form::bare},
    edgebase_vectorize_upsert       {"edgebase.vectorize.upsert",       "POST", "/api/vectorize/{}", Repeat::idempotent, Form::bare},
    edgebase_vectorize_query        {"edgebase.vectorize.query",        "POST", "/api/vectorize/{}", Repeat::read,       Form::bare},
    edgebase_vectorize_get_by_ids   {"edgebase.vectorize.get_by_ids",   "POST", "/api/vectorize/{}", Repeat::read,       Form::bare},
    edgebase_vectorize_erase_by_ids {"edgebase.vectorize.erase_by_ids", "POST", "/api/vectorize/{}", Repeat::idempotent, Form::bare};
// clang-format on

/// All of v4 that have a path, for tests.
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
    &d1_list_databases,
    &d1_create_database,
    &d1_get_database,
    &d1_replace_database,
    &d1_update_database,
    &d1_remove_database,
    &d1_raw,
    &d1_rows,
    &d1_query,
    &d1_batch,
    &d1_insert,
    &d1_import_init,
    &d1_import_ingest,
    &d1_import_poll,
    &d1_export,
    &d1_bookmark,
    &d1_restore,
    &vectorize_list_indexes,
    &vectorize_create,
    &vectorize_get_index,
    &vectorize_remove,
    &vectorize_info,
    &vectorize_insert,
    &vectorize_upsert,
    &vectorize_query,
    &vectorize_get_by_ids,
    &vectorize_erase_by_ids,
    &vectorize_list,
    &vectorize_create_metadata_index,
    &vectorize_list_metadata_indexes,
    &vectorize_erase_metadata_index,
};

}  // namespace cloudflare::detail::table
