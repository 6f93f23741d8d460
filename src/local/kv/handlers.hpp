#pragma once

// Workers KV: the handlers of its routes, and the checks they share. Codes and texts follow the real engine.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "local/account.hpp"
#include "local/http/request.hpp"
#include "local/kv/store.hpp"

namespace cloudflare::local {

Reply kv_list_namespaces(Account& account, Request& request);
Reply kv_create_namespace(Account& account, Request& request);
Reply kv_get_namespace(Account& account, Request& request);
Reply kv_rename_namespace(Account& account, Request& request);
Reply kv_remove_namespace(Account& account, Request& request);
Reply kv_list_keys(Account& account, Request& request);
Reply kv_get_value(Account& account, Request& request);
Reply kv_put_value(Account& account, Request& request);
Reply kv_delete_value(Account& account, Request& request);
Reply kv_get_metadata(Account& account, Request& request);
Reply kv_bulk_put(Account& account, Request& request);
Reply kv_bulk_delete(Account& account, Request& request);
Reply kv_bulk_get(Account& account, Request& request);

/// What a form may hold besides the value: its metadata and the lines between the parts.
inline constexpr std::size_t kv_form_room = 64UL << 10;

/// An error that reads "operation: 'text'", as every KV error does.
[[nodiscard]] ApiError kv_error(int status, int code, std::string_view operation, std::string_view text);

/// The namespace that the path names. @throws ApiError  10011 malformed id, 10013 no such namespace
[[nodiscard]] KvNamespaceRecord kv_namespace(Account& account, const Request& request, std::string_view operation);

/// @throws ApiError  10011 empty, "." or "..", or over 512 bytes (414)
void kv_check_key(std::string_view operation, std::string_view key);
/// Checks only the length. @throws ApiError  10011 (414)
void kv_check_key_length(std::string_view operation, std::string_view key);
/// @throws ApiError  10011 over 25 MiB (413)
void kv_check_value_size(std::string_view operation, std::uint64_t size);
/// @throws ApiError  10011 over 1024 bytes (413)
void kv_check_metadata(std::string_view operation, std::string_view metadata);

/// When a pair expires, in Unix seconds; `ttl` wins over `expiration`. @throws ApiError  10034 ttl, 10033 expiration
[[nodiscard]] std::optional<std::int64_t> kv_expiration(std::string_view operation, const Clock& clock,
                                                        std::optional<std::int64_t> ttl,
                                                        std::optional<std::int64_t> expiration);

}  // namespace cloudflare::local
