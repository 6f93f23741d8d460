#pragma once

// Checks and pieces shared by the KV operations.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <cloudflare/detail/kv_ops.hpp>
#include <cloudflare/limits.hpp>

#include "base/json_in.hpp"
#include "engine/paging.hpp"
#include "engine/request.hpp"
#include "kv/endpoints.hpp"

namespace cloudflare::ops {

/// Why `id` is not a namespace id, or nullopt.
[[nodiscard]] std::optional<Error> check_namespace_id(std::string_view id);
/// Why a key is not allowed. Its length is checked only if limits are.
[[nodiscard]] std::optional<Error> check_key(std::string_view key, bool limits);
/// Why a pair cannot be stored: key, value, metadata, ttl, expiration.
[[nodiscard]] std::optional<Error> check_entry(const kv::EntryView& entry, const RequestContext& context);

/// Why the prefix or the cursor of a list is not allowed.
[[nodiscard]] std::optional<Error> check_list(const kv::ListOptions& options, const RequestContext& context);

/// A request on a namespace, or on one of its keys.
[[nodiscard]] Result<detail::Request> namespace_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                                        std::string_view id);
[[nodiscard]] Result<detail::Request> key_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                                  std::string_view id, std::string_view key);

/// PUT …/values/{key} with a body; ignores the value of `entry`.
[[nodiscard]] Result<detail::Request> put_request(const RequestContext& context, std::string_view id,
                                                  const kv::EntryView& entry, Body value);
/// The same from the JSON object that append_entry() writes; nullopt if it cannot be sent that way.
[[nodiscard]] std::optional<detail::Request> entry_request(const RequestContext& context, std::string_view id,
                                                           std::string_view json);
/// GET …/values/{key}.
/// What the replies to kv.get and kv.metadata hold.
[[nodiscard]] kv::Value value_of(detail::Reply&& reply);
[[nodiscard]] JsonText metadata_of(const detail::Reply& reply);
[[nodiscard]] Result<detail::Request> value_request(const RequestContext& context, std::string_view id,
                                                    std::string_view key);
/// "Missing key" is status 404 with code 10009; a missing namespace or an HTML 404 is an error.
[[nodiscard]] bool is_missing_key(const Error& error) noexcept;

/// Appends the JSON object of a bulk write: the value as text if it is UTF-8, as base64 if it is not or if base64 is
/// shorter.
CLOUDFLARE_API void append_entry(std::string& json, const kv::EntryView& entry);

/// The server's answer to a bulk write or erase. A null result does not list single keys.
[[nodiscard]] Result<kv::BulkReply> read_bulk_reply(detail::Reply&& reply);

/// Whether a text that the server gave may stand for other bytes: it replaces those that are not UTF-8 by U+FFFD.
[[nodiscard]] inline bool may_be_bytes(std::string_view text) noexcept {
  return text.find("\xEF\xBF\xBD") != std::string_view::npos;
}

/// Whether a bulk read asks for metadata; for JSON it always does.
[[nodiscard]] inline bool asks_for_metadata(const kv::BulkGetOptions& options) noexcept {
  return options.with_metadata || options.type == kv::ValueType::json;
}
/// Calls `visit` with each name and value of a bulk read; a missing key has no value.
[[nodiscard]] Result<std::monostate> read_bulk_values(
    detail::Reply& reply, const kv::BulkGetOptions& options,
    const std::function<void(std::string_view name, std::optional<kv::Value>&& value)>& visit);

}  // namespace cloudflare::ops
