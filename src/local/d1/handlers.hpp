#pragma once

// D1: the handlers of its routes.

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "local/account.hpp"
#include "local/d1/store.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

Reply d1_list_databases(Account& account, Request& request);
Reply d1_create_database(Account& account, Request& request);
Reply d1_get_database(Account& account, Request& request);
Reply d1_update_database(Account& account, Request& request);  ///< PUT
Reply d1_patch_database(Account& account, Request& request);
Reply d1_remove_database(Account& account, Request& request);
Reply d1_query(Account& account, Request& request);
Reply d1_raw(Account& account, Request& request);
Reply d1_import(Account& account, Request& request);
Reply d1_export(Account& account, Request& request);
Reply d1_get_bookmark(Account& account, Request& request);
Reply d1_restore(Account& account, Request& request);
/// The handlers of signed URLs, which need no credential.
Reply d1_upload(Account& account, Request& request);
Reply d1_download(Account& account, Request& request);

/// Most bytes of a request with statements.
inline constexpr std::size_t d1_query_bytes = 128UL << 20;
/// The refusal of an upload before its body is read, or nothing.
[[nodiscard]] std::optional<Reply> d1_refuse_upload(Account& account, const Request& request);

/// The database that the path names by its id. @throws ApiError  7400 malformed id, 7404 no such database
[[nodiscard]] D1Record d1_record(Account& account, const Request& request);
/// The same database, opened.
[[nodiscard]] std::shared_ptr<StoredDatabase> d1_database(Account& account, const Request& request);
/// The statements of the text in the member `name`, with their parameters. @throws ApiError  7400
[[nodiscard]] std::vector<D1Query> d1_queries(Json body, std::string_view name);
/// The body, which must be a JSON object. @throws ApiError  7400
[[nodiscard]] Json d1_body(Request& request);

}  // namespace cloudflare::local
