#pragma once

// Vectorize v2: the handlers of its routes, and what they share.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "local/account.hpp"
#include "local/http/request.hpp"
#include "local/vectorize/store.hpp"

namespace cloudflare::local {

Reply vectorize_list_indexes(Account& account, Request& request);
Reply vectorize_create_index(Account& account, Request& request);
Reply vectorize_get_index(Account& account, Request& request);
Reply vectorize_remove_index(Account& account, Request& request);
Reply vectorize_info(Account& account, Request& request);
Reply vectorize_insert(Account& account, Request& request);
Reply vectorize_upsert(Account& account, Request& request);
Reply vectorize_query(Account& account, Request& request);
Reply vectorize_get_by_ids(Account& account, Request& request);
Reply vectorize_delete_by_ids(Account& account, Request& request);
Reply vectorize_list_vectors(Account& account, Request& request);
Reply vectorize_create_metadata_index(Account& account, Request& request);
Reply vectorize_list_metadata_indexes(Account& account, Request& request);
Reply vectorize_remove_metadata_index(Account& account, Request& request);

/// Codes and statuses are those that users of Cloudflare reported. If nobody reported one, the code is 40026 here, and
/// the status is 400.
[[nodiscard]] ApiError vectorize_error(int code, std::string message);
/// Code 3005.
[[nodiscard]] ApiError vectorize_removed(const std::string& name);

/// The index that the path names. @throws ApiError  3000 there is none, 3005 it was removed
[[nodiscard]] std::shared_ptr<StoredIndex> vectorize_index(Account& account, const Request& request);
/// The body, which must be declared as JSON and be an object. @throws ApiError  40026
[[nodiscard]] Json vectorize_body(Request& request);
/// A member as a string. @throws ApiError  40026 absent or not a string
[[nodiscard]] const std::string& vectorize_text(const Json& body, std::string_view name);
/// True if the request's Content-Type is `media_type`, whatever its parameters.
[[nodiscard]] bool has_media_type(const Request& request, std::string_view media_type);
/// @throws ApiError  40008 over 64 bytes, 40026 empty
void vectorize_check_id(std::string_view id);
/// @throws ApiError  40026 empty or over 64 bytes
void vectorize_check_namespace(std::string_view ns);
/// Submits a mutation to the index and returns its id.
[[nodiscard]] std::string vectorize_accept(StoredIndex& index, StoredMutation mutation,
                                           const StoredIndex::Check& check = StoredIndex::Check());
/// The same, but returns the reply of the routes.
[[nodiscard]] Reply vectorize_submit(StoredIndex& index, StoredMutation mutation,
                                     const StoredIndex::Check& check = StoredIndex::Check());
[[nodiscard]] Reply vectorize_accepted(const std::string& mutation_id);
/// Stores the vectors of `lines`, one JSON object each, and returns the mutation's id. `discard` skips lines that
/// cannot be parsed. Checks the number of namespaces too. @throws ApiError
[[nodiscard]] std::string vectorize_store(StoredIndex& index, StoredMutation::Kind kind, std::string_view lines,
                                          bool discard);
/// `{"count","matches"}` for the members of a query. @throws ApiError
[[nodiscard]] std::string vectorize_matches(StoredIndex& index, const Json& body);
/// The ids in the member `ids`, in order and without duplicates. @throws ApiError  40007 more than `most`, 40026
[[nodiscard]] std::vector<std::string> vectorize_ids(const Json& body, std::size_t most);
/// The JSON array of the vectors with these ids; missing ones are left out.
[[nodiscard]] std::string vectorize_found(StoredIndex& index, const std::vector<std::string>& ids);
/// Erases these vectors and returns the mutation's id. @throws ApiError
[[nodiscard]] std::string vectorize_erase(StoredIndex& index, std::vector<std::string> ids);
/// The members of the reply of `info`.
[[nodiscard]] ObjectWriter vectorize_describe(StoredIndex& index);

}  // namespace cloudflare::local
