#include "kv/common.hpp"

#include <algorithm>

#include "base/json_check.hpp"
#include "base/saturating.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using std::to_string;

std::optional<Error> check_ttl(const kv::EntryView& entry, const RequestContext& context) {
  if (entry.ttl && *entry.ttl < limits::kv_min_ttl)
    return invalid_argument("the ttl is " + to_string(entry.ttl->count()) + " s; at least 60 s are needed");
  if (entry.ttl || !entry.expiration) return std::nullopt;  // a ttl takes precedence
  if (*entry.expiration < detail::saturating_add(detail::wall_time(context), limits::kv_min_ttl))
    return invalid_argument("the expiration must be at least 60 s ahead");
  return std::nullopt;
}

// A value requested as text comes as a string; one requested as JSON is returned as its JSON text.
std::string value_text(json::value value, kv::ValueType type) {
  const bool text = type == kv::ValueType::text && value.type() == json::json_type::string;
  return text ? detail::string(value) : std::string(detail::raw_text(value));
}

// With metadata, a stored JSON null ({"value":null,…}) differs from a missing key (null).
std::optional<kv::Value> read_value(json::value item, const kv::BulkGetOptions& options) {
  if (item.is_null()) return std::nullopt;
  kv::Value value;
  if (!asks_for_metadata(options) || item.type() != json::json_type::object) {
    value.value = value_text(item, options.type);
    return value;
  }
  bool present = false;
  detail::each_member(item, [&](std::string_view name, json::value member) {
    if (name == "value") {
      present = options.type == kv::ValueType::json || !member.is_null();
      if (present) value.value = value_text(member, options.type);
    } else if (!options.with_metadata) {
      return;
    } else if (name == "metadata") {
      if (!member.is_null()) value.metadata = detail::json_text(member);
    } else if (name == "expiration" && !member.is_null()) {
      value.expiration = std::chrono::sys_seconds(std::chrono::seconds(detail::integer(member)));
    }
  });
  return present ? std::optional(std::move(value)) : std::nullopt;
}

// The id in ".../namespaces/ID/..." is none as Cloudflare makes them: 32 hexadecimal digits.
bool looks_like_title(std::string_view url) {
  constexpr std::string_view before = "/storage/kv/namespaces/";
  const std::size_t begin = url.find(before);
  if (begin == std::string_view::npos) return false;
  const std::string_view rest = url.substr(begin + before.size());
  const std::string_view id = rest.substr(0, rest.find_first_of("/?"));
  return id.size() != limits::kv_id_chars || id.find_first_not_of("0123456789abcdef") != std::string_view::npos;
}

constexpr std::string_view find_advice = "if that is a title, kv_namespaces().find(title) tells its id";

std::string_view kv_advice(const ErrorDetails& error, std::string_view url) {
  const bool missing = std::any_of(error.messages.begin(), error.messages.end(), [](const Message& message) {
    const auto code = static_cast<ErrorCode>(message.code);
    return code == ErrorCode::kv_namespace_not_found || code == ErrorCode::invalid_object_identifier;
  });
  return missing && looks_like_title(url) ? find_advice : std::string_view();
}

}  // namespace

constexpr detail::ReplyRules kv_rules{.advice = kv_advice};

std::optional<Error> check_namespace_id(std::string_view id) {
  if (!id.empty() && id.size() <= limits::kv_id_chars && detail::is_id(id)) return std::nullopt;
  return invalid_argument("the namespace id must be 1 to 32 characters of [A-Za-z0-9_-]; " + std::string(find_advice));
}

std::optional<Error> check_key(std::string_view key, bool limits) {
  if (key.empty()) return invalid_argument("the key is empty");
  if (key == "." || key == "..") return invalid_argument("the keys \".\" and \"..\" are not allowed");
  if (limits && key.size() > limits::kv_key_bytes)
    return invalid_argument("the key has " + to_string(key.size()) + " bytes; at most 512 are allowed");
  if (!detail::is_utf8(key)) return invalid_argument("the key is not UTF-8");
  return std::nullopt;
}

std::optional<Error> check_entry(const kv::EntryView& entry, const RequestContext& context) {
  const bool limits = detail::checks_limits(context);
  if (auto error = check_key(entry.key, limits)) return error;
  if (limits && entry.metadata.size() > limits::kv_metadata_bytes)
    return invalid_argument("the metadata has " + to_string(entry.metadata.size()) +
                            " bytes as JSON; at most 1024 are allowed");
  if (auto error = detail::check_written("the metadata", entry.metadata)) return error;
  if (!entry.metadata.empty() && !detail::is_json(entry.metadata))
    return invalid_argument("the metadata is not one JSON value, nested at most " + to_string(limits::json_depth) +
                            " deep");
  if (entry.base64 && !(limits ? detail::is_base64(entry.value) : detail::is_utf8(entry.value)))
    return invalid_argument("the value is marked as base64 but is not base64");
  if (!limits) return std::nullopt;
  const std::size_t size = entry.base64 ? entry.value.size() / 4 * 3 : entry.value.size();
  if (size > limits::kv_value_bytes + (entry.base64 ? 3 : 0))
    return invalid_argument("the value has " + to_string(size) + " bytes; at most 25 MiB (26214400) are allowed");
  return check_ttl(entry, context);
}

std::optional<Error> check_list(const kv::ListOptions& options, const RequestContext& context) {
  if (!detail::is_utf8(options.prefix)) return invalid_argument("the prefix is not UTF-8");
  if (!detail::is_utf8(options.cursor)) return invalid_argument("the cursor is not UTF-8");
  if (detail::checks_limits(context) && options.prefix.size() > limits::kv_key_bytes)
    return invalid_argument("the prefix has " + to_string(options.prefix.size()) +
                            " bytes; at most 512 are allowed, as in a key");
  return std::nullopt;
}

Result<detail::Request> namespace_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                          std::string_view id) {
  if (auto error = check_namespace_id(id)) return *error;
  return detail::account_request(endpoint, context, {id});
}

Result<detail::Request> key_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                    std::string_view id, std::string_view key) {
  if (auto error = check_namespace_id(id)) return *error;
  if (auto error = check_key(key, detail::checks_limits(context))) return *error;
  return detail::account_request(endpoint, context, {id, key});
}

Result<detail::Request> value_request(const RequestContext& context, std::string_view id, std::string_view key) {
  auto request = key_request(kv_endpoint("kv.get"), context, id, key);
  if (request) request->http.reply_expected = limits::kv_value_bytes;
  return request;
}

bool is_missing_key(const Error& error) noexcept {
  return error.http_status() == 404 && error.has(ErrorCode::kv_key_not_found);
}

void append_entry(std::string& json, const kv::EntryView& entry) {
  json.append(R"({"key":)");
  detail::append_json_string(json, entry.key);
  json.append(R"(,"value":)");
  const std::size_t base64_size = (entry.value.size() + 2) / 3 * 4 + 16;
  const bool text = entry.base64 || detail::is_utf8(entry.value);
  const std::size_t most = entry.base64 ? std::string::npos : base64_size;
  const bool encode = !text || !detail::append_json_string(json, entry.value, most);
  if (encode) {
    json.push_back('"');
    detail::append_base64(json, entry.value);
    json.push_back('"');
  }
  if (encode || entry.base64) json.append(R"(,"base64":true)");
  if (entry.ttl) {
    json.append(R"(,"expiration_ttl":)");
    detail::append_number(json, entry.ttl->count());
  } else if (entry.expiration) {
    json.append(R"(,"expiration":)");
    detail::append_number(json, entry.expiration->time_since_epoch().count());
  }
  if (!entry.metadata.empty()) json.append(R"(,"metadata":)").append(entry.metadata);
  json.push_back('}');
}

Result<kv::BulkReply> read_bulk_reply(detail::Reply&& reply) {
  if (reply.result_size == 0) return kv::BulkReply();
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the bulk result",
                           [](json::document& document) {
                             kv::BulkReply bulk;
                             if (document.type() != json::json_type::object) {
                               (void)document.is_null();
                               return bulk;
                             }
                             for (auto field : document.get_object()) {
                               const std::string_view name = field.unescaped_key();
                               json::value value = field.value();
                               if (name == "successful_key_count" && !value.is_null()) {
                                 bulk.successful_key_count = detail::integer(value);
                               } else if (name == "unsuccessful_keys" && !value.is_null()) {
                                 for (auto key : value.get_array())
                                   bulk.unsuccessful_keys.push_back(detail::string(key.value()));
                               }
                             }
                             return bulk;
                           });
}

Result<std::monostate> read_bulk_values(
    detail::Reply& reply, const kv::BulkGetOptions& options,
    const std::function<void(std::string_view name, std::optional<kv::Value>&& value)>& visit) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the bulk read",
                           [&](json::document& document) {
                             if (document.is_null()) return std::monostate();
                             for (auto field : document.get_object()) {
                               const std::string_view name = field.unescaped_key();
                               json::value value = field.value();
                               if (name != "values" || value.is_null()) continue;
                               for (auto item : value.get_object()) {
                                 const std::string_view key = item.unescaped_key();
                                 visit(key, read_value(item.value(), options));
                               }
                             }
                             return std::monostate();
                           });
}

}  // namespace cloudflare::ops
