#include "local/routes.hpp"

#include <array>
#include <string_view>

#include "local/d1/handlers.hpp"
#include "local/kv/handlers.hpp"
#include "local/tokens.hpp"
#include "local/vectorize/handlers.hpp"

namespace cloudflare::local {

namespace {

struct Row {
  std::string_view method;
  std::string_view path;  ///< `{}` stands for one segment of any text.
  Handler handler;
};

constexpr std::array rows{
    Row{"GET", "client/v4/user/tokens/verify", verify_user_token},
    Row{"GET", "client/v4/accounts/{}/tokens/verify", verify_account_token},

    Row{"GET", "client/v4/accounts/{}/storage/kv/namespaces", kv_list_namespaces},
    Row{"POST", "client/v4/accounts/{}/storage/kv/namespaces", kv_create_namespace},
    Row{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}", kv_get_namespace},
    Row{"PUT", "client/v4/accounts/{}/storage/kv/namespaces/{}", kv_rename_namespace},
    Row{"DELETE", "client/v4/accounts/{}/storage/kv/namespaces/{}", kv_remove_namespace},
    Row{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}/keys", kv_list_keys},
    Row{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}/values/{}", kv_get_value},
    Row{"PUT", "client/v4/accounts/{}/storage/kv/namespaces/{}/values/{}", kv_put_value},
    Row{"DELETE", "client/v4/accounts/{}/storage/kv/namespaces/{}/values/{}", kv_delete_value},
    Row{"GET", "client/v4/accounts/{}/storage/kv/namespaces/{}/metadata/{}", kv_get_metadata},
    Row{"PUT", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk", kv_bulk_put},
    Row{"DELETE", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk", kv_bulk_delete},
    Row{"POST", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk/delete", kv_bulk_delete},
    Row{"POST", "client/v4/accounts/{}/storage/kv/namespaces/{}/bulk/get", kv_bulk_get},

    Row{"GET", "client/v4/accounts/{}/d1/database", d1_list_databases},
    Row{"POST", "client/v4/accounts/{}/d1/database", d1_create_database},
    Row{"GET", "client/v4/accounts/{}/d1/database/{}", d1_get_database},
    Row{"PUT", "client/v4/accounts/{}/d1/database/{}", d1_update_database},
    Row{"PATCH", "client/v4/accounts/{}/d1/database/{}", d1_patch_database},
    Row{"DELETE", "client/v4/accounts/{}/d1/database/{}", d1_remove_database},
    Row{"POST", "client/v4/accounts/{}/d1/database/{}/query", d1_query},
    Row{"POST", "client/v4/accounts/{}/d1/database/{}/raw", d1_raw},
    Row{"POST", "client/v4/accounts/{}/d1/database/{}/import", d1_import},
    Row{"POST", "client/v4/accounts/{}/d1/database/{}/export", d1_export},
    Row{"GET", "client/v4/accounts/{}/d1/database/{}/time_travel/bookmark", d1_get_bookmark},
    Row{"POST", "client/v4/accounts/{}/d1/database/{}/time_travel/restore", d1_restore},
    Row{"GET", "client/v4/accounts/{}/vectorize/v2/indexes", vectorize_list_indexes},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes", vectorize_create_index},
    Row{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}", vectorize_get_index},
    Row{"DELETE", "client/v4/accounts/{}/vectorize/v2/indexes/{}", vectorize_remove_index},
    Row{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}/info", vectorize_info},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/insert", vectorize_insert},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/upsert", vectorize_upsert},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/query", vectorize_query},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/get_by_ids", vectorize_get_by_ids},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/delete_by_ids", vectorize_delete_by_ids},
    Row{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}/list", vectorize_list_vectors},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/metadata_index/create", vectorize_create_metadata_index},
    Row{"GET", "client/v4/accounts/{}/vectorize/v2/indexes/{}/metadata_index/list", vectorize_list_metadata_indexes},
    Row{"POST", "client/v4/accounts/{}/vectorize/v2/indexes/{}/metadata_index/delete", vectorize_remove_metadata_index},

    Row{"PUT", "signed/import/{}", d1_upload},
    Row{"GET", "signed/export/{}", d1_download},
};

// Compares segment by segment; fills `captured` with what the wildcards stand for.
bool matches(std::string_view pattern, const std::vector<std::string>& segments, std::vector<std::string>& captured) {
  captured.clear();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::size_t end = pattern.find('/');
    const std::string_view part = pattern.substr(0, end);
    if (part == "{}")
      captured.push_back(segments[i]);
    else if (part != segments[i])
      return false;
    if (end == std::string_view::npos) return i + 1 == segments.size();
    pattern.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

Handler find_handler(Request& request) {
  bool other_method = false;
  for (const Row& row : rows) {
    if (!matches(row.path, request.segments(), request.captured)) continue;
    if (row.method == request.method()) return row.handler;
    other_method = true;
  }
  throw other_method ? method_not_allowed(request) : unroutable(request);
}

}  // namespace cloudflare::local
