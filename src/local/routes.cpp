#include "local/routes.hpp"

#include <cloudflare/limits.hpp>

#include <algorithm>
#include <array>
#include <string_view>

#include "local/d1/handlers.hpp"
#include "local/kv/handlers.hpp"
#include "local/tokens.hpp"
#include "local/vectorize/handlers.hpp"
#include "local/workers_ai/handlers.hpp"

namespace cloudflare::local {

namespace {

// The largest body of a route. `no_body` is for routes that ignore the body.
constexpr std::uint64_t no_body = 64UL << 10;
constexpr std::uint64_t small_json = 1UL << 20;
constexpr std::uint64_t kv_put_bytes = limits::kv_value_bytes + kv_form_room;

constexpr std::array routes{
    Route{"GET", "client/v4/user/tokens/verify", verify_user_token, no_body},
    Route{"GET", "client/v4/accounts/{}/tokens/verify", verify_account_token, no_body},

    Route{"GET", "client/v4/accounts/{}/storage/kv/namespaces", kv_list_namespaces, no_body},
    Route{"POST", "client/v4/accounts/{}/storage/kv/namespaces", kv_create_namespace, small_json},
    Route{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}", kv_get_namespace, no_body},
    Route{"PUT", "client/v4/accounts/{}/storage/kv/namespaces/{}", kv_rename_namespace, small_json},
    Route{"DELETE", "client/v4/accounts/{}/storage/kv/namespaces/{}", kv_remove_namespace, no_body},
    Route{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}/keys", kv_list_keys, no_body},
    Route{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}/values/{}", kv_get_value, no_body},
    Route{"PUT", "client/v4/accounts/{}/storage/kv/namespaces/{}/values/{}", kv_put_value, kv_put_bytes},
    Route{"DELETE", "client/v4/accounts/{}/storage/kv/namespaces/{}/values/{}", kv_delete_value, no_body},
    Route{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}/metadata/{}", kv_get_metadata, no_body},
    Route{"PUT", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk", kv_bulk_put, limits::kv_bulk_bytes},
    Route{"DELETE", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk", kv_bulk_delete, limits::kv_bulk_bytes},
    Route{"POST", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk/delete", kv_bulk_delete, limits::kv_bulk_bytes},
    Route{"POST", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk/get", kv_bulk_get, small_json},

    Route{"GET", "client/v4/accounts/{}/d1/database", d1_list_databases, no_body},
    Route{"POST", "client/v4/accounts/{}/d1/database", d1_create_database, small_json},
    Route{"GET", "client/v4/accounts/{}/d1/database/{}", d1_get_database, no_body},
    Route{"PUT", "client/v4/accounts/{}/d1/database/{}", d1_update_database, small_json},
    Route{"PATCH", "client/v4/accounts/{}/d1/database/{}", d1_patch_database, small_json},
    Route{"DELETE", "client/v4/accounts/{}/d1/database/{}", d1_remove_database, no_body},
    Route{"POST", "client/v4/accounts/{}/d1/database/{}/query", d1_query, d1_query_bytes},
    Route{"POST", "client/v4/accounts/{}/d1/database/{}/raw", d1_raw, d1_query_bytes},
    Route{"POST", "client/v4/accounts/{}/d1/database/{}/import", d1_import, small_json},
    Route{"POST", "client/v4/accounts/{}/d1/database/{}/export", d1_export, small_json},
    Route{"GET", "client/v4/accounts/{}/d1/database/{}/time_travel/bookmark", d1_get_bookmark, no_body},
    Route{"POST", "client/v4/accounts/{}/d1/database/{}/time_travel/restore", d1_restore, small_json},
    Route{"GET", "client/v4/accounts/{}/vectorize/v2/indexes", vectorize_list_indexes, no_body},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes", vectorize_create_index, small_json},
    Route{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}", vectorize_get_index, no_body},
    Route{"DELETE", "client/v4/accounts/{}/vectorize/v2/indexes/{}", vectorize_remove_index, no_body},
    Route{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}/info", vectorize_info, no_body},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/insert", vectorize_insert,
          limits::vectorize_upload_bytes},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/upsert", vectorize_upsert,
          limits::vectorize_upload_bytes},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/query", vectorize_query, small_json},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/get_by_ids", vectorize_get_by_ids, small_json},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/delete_by_ids", vectorize_delete_by_ids, small_json},
    Route{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}/list", vectorize_list_vectors, no_body},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/metadata_index/create",
          vectorize_create_metadata_index, small_json},
    Route{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}/metadata_index/list", vectorize_list_metadata_indexes,
          no_body},
    Route{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/metadata_index/delete",
          vectorize_remove_metadata_index, small_json},

    Route{"POST", "client/v4/accounts/{}/ai/run/@cf/{}/{}", workers_ai_run, limits::workers_ai_bytes},

    Route{"PUT", "signed/import/{}", d1_upload, limits::d1_import_bytes, d1_refuse_upload},
    Route{"GET", "signed/export/{}", d1_download, no_body},
};

constexpr auto segments_of_routes = [] {
  std::array<std::uint8_t, routes.size()> counts{};
  for (std::size_t i = 0; i < routes.size(); ++i)
    counts[i] = static_cast<std::uint8_t>(std::count(routes[i].path.begin(), routes[i].path.end(), '/')) + 1;
  return counts;
}();

// Compares as many segments as the pattern has; fills `captured` with what the wildcards stand for.
bool matches(std::string_view pattern, const std::vector<std::string>& segments, std::vector<std::string>& captured) {
  captured.clear();
  for (const std::string& segment : segments) {
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    if (part == "{}")
      captured.push_back(segment);
    else if (part != segment)
      return false;
    pattern.remove_prefix(std::min(part.size() + 1, pattern.size()));
  }
  return true;
}

// Among the routes of the request's method, or among those of the others; null if there is none.
const Route* find_among(bool same_method, Request& request) {
  for (std::size_t i = 0; i < routes.size(); ++i)
    if (segments_of_routes[i] == request.segments().size() && (routes[i].method == request.method()) == same_method &&
        matches(routes[i].path, request.segments(), request.captured))
      return &routes[i];
  return nullptr;
}

}  // namespace

const Route& find_route(Request& request) {
  if (const Route* route = find_among(true, request)) return *route;
  throw find_among(false, request) != nullptr ? method_not_allowed(request) : unroutable(request);
}

}  // namespace cloudflare::local
