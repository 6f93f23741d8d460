#include <cloudflare/limits.hpp>

#include <limits>

#include "local/kv/handlers.hpp"

namespace cloudflare::local {

ApiError kv_error(int status, int code, std::string_view operation, std::string_view text) {
  return {.status = status, .code = code, .message = std::string(operation).append(": '").append(text).append("'")};
}

KvNamespaceRecord kv_namespace(Account& account, const Request& request, std::string_view operation) {
  const std::string& id = request.captured.at(1);
  if (id.size() != limits::kv_id_chars)
    throw ApiError{
        .code = 10011,
        .message = "could not parse UUID from request's namespace_id: 'uuid: incorrect UUID length: " + id + "'"};
  auto found = account.kv.find(id);
  if (!found) throw kv_error(404, 10013, operation, "namespace not found");
  return *std::move(found);
}

void kv_check_key_length(std::string_view operation, std::string_view key) {
  if (key.size() > limits::kv_key_bytes)
    throw kv_error(414, 10011, operation,
                   "UTF-8 encoded length of " + std::to_string(key.size()) + " exceeds key length limit of 512.");
}

void kv_check_key(std::string_view operation, std::string_view key) {
  if (key.empty()) throw kv_error(400, 10011, operation, "Key name cannot be empty.");
  if (key == "." || key == "..")
    throw kv_error(400, 10011, operation, "\"" + std::string(key) + "\" is not allowed as a key name.");
  kv_check_key_length(operation, key);
}

void kv_check_value_size(std::string_view operation, std::uint64_t size) {
  if (size > limits::kv_value_bytes)
    throw kv_error(413, 10011, operation, "Value length of " + std::to_string(size) + " exceeds limit of 26214400.");
}

void kv_check_metadata(std::string_view operation, std::string_view metadata) {
  if (metadata.size() > limits::kv_metadata_bytes)
    throw kv_error(413, 10011, operation,
                   "Metadata length of " + std::to_string(metadata.size()) + " exceeds limit of 1024.");
}

std::optional<std::int64_t> kv_expiration(std::string_view operation, const Clock& clock,
                                          std::optional<std::int64_t> ttl, std::optional<std::int64_t> expiration) {
  const std::int64_t now = clock.wall().time_since_epoch().count();
  constexpr std::int64_t least = limits::kv_min_ttl.count();
  const auto refuse = [operation](int code, const std::string& text) { throw kv_error(400, code, operation, text); };
  if (ttl) {
    const std::string invalid = "Invalid expiration_ttl of " + std::to_string(*ttl) + ". ";
    if (*ttl <= 0) refuse(10034, invalid + "Please specify integer greater than 0.");
    if (*ttl < least) refuse(10034, invalid + "Expiration TTL must be at least 60.");
    if (*ttl > std::numeric_limits<std::int32_t>::max())
      refuse(10011, "Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
    return now + *ttl;
  }
  if (expiration) {
    const std::string invalid = "Invalid expiration of " + std::to_string(*expiration) + ". ";
    if (*expiration <= now)
      refuse(10033,
             invalid + "Please specify integer greater than the current number of seconds since the UNIX epoch.");
    if (*expiration < now + least)
      refuse(10033, invalid + "Expiration times must be at least 60 seconds in the future.");
  }
  return expiration;
}

}  // namespace cloudflare::local
