// EdgeBase calls put `set` and erase `delete`.

#include "kv/edgebase.hpp"

#include "account/edgebase_request.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;

Result<std::optional<std::string>> read_bare_value(Reply&& reply) {
  return edgebase_member(reply, "value", "the value", [](json::value value) {
    return value.is_null() ? std::nullopt : std::optional(detail::string(value));
  });
}

Result<void> read_ok(Reply&& reply) {
  auto ok = edgebase_member(reply, "ok", "the reply", [](json::value value) { return value.get_bool().value(); });
  if (!ok) return ok.error();
  if (!*ok) return Error(ErrorKind::decode, "EdgeBase answered 200 with ok:false");
  return {};
}

Result<kv::KeyPage> read_key_names(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the list of keys",
                           [](json::document& document) {
                             kv::KeyPage page;
                             bool found = false;
                             for (auto field : document.get_object()) {
                               const std::string_view name = field.unescaped_key();
                               json::value value = field.value();
                               if (name == "keys") {
                                 found = true;
                                 for (auto key : value.get_array())
                                   page.keys.push_back({.name = detail::string(key.value())});
                               } else if (name == "cursor" && !value.is_null()) {
                                 page.cursor = detail::string(value);
                               }
                             }
                             if (!found) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
                             page.info.count = static_cast<std::int64_t>(page.keys.size());
                             return page;
                           });
}

std::optional<Error> check_text_put(std::string_view key, const Body& value, const kv::PutOptions& options,
                                    const RequestContext& context) {
  if (options.expiration && !options.ttl) return invalid_argument("EdgeBase takes a ttl, but not an expiration time");
  if (!options.metadata.empty()) return invalid_argument("EdgeBase keeps no metadata with a key");
  if (value.source()) return invalid_argument("EdgeBase takes values from memory, not from a file or a stream");
  if (!detail::is_utf8(value.text()))
    return invalid_argument("the value is not UTF-8, and EdgeBase stores text; encode bytes, for example as base64");
  return check_entry({.key = key, .value = value.text(), .ttl = options.ttl}, context);
}

// A request that consists of an action on a key.
Result<detail::Request> key_action(const detail::Endpoint& endpoint, std::string_view action,
                                   const RequestContext& context, std::string_view name, std::string_view key) {
  std::string body = edgebase_action(action);
  append_member(body, "key", key);
  auto error = check_key(key, detail::checks_limits(context));
  return detail::with_json(edgebase_request(endpoint, context, name), std::move(error), body + "}");
}

}  // namespace

Call<std::optional<std::string>> edgebase_kv_get(const RequestContext& context, std::string_view name,
                                                 std::string_view key) {
  return {key_action(kv_endpoint("edgebase.kv.get"), "get", context, name, key), read_bare_value};
}

Call<void> edgebase_kv_put(const RequestContext& context, std::string_view name, std::string_view key,
                           const Body& value, const kv::PutOptions& options) {
  std::string body = edgebase_action("set");
  auto error = check_text_put(key, value, options, context);
  if (!error) {
    append_member(body, "key", key);
    append_member(body, "value", value.text());
    if (options.ttl) detail::append_number(body.append(R"(,"ttl":)"), options.ttl->count());
    body.push_back('}');
  }
  return {detail::with_json(edgebase_request(kv_endpoint("edgebase.kv.put"), context, name), std::move(error),
                            std::move(body)),
          read_ok};
}

Call<void> edgebase_kv_erase(const RequestContext& context, std::string_view name, std::string_view key) {
  return {key_action(kv_endpoint("edgebase.kv.erase"), "delete", context, name, key), read_ok};
}

Call<kv::KeyPage> edgebase_kv_list(const RequestContext& context, std::string_view name,
                                   const kv::ListOptions& options) {
  std::optional<Error> error;
  std::string body = edgebase_action("list");
  if (options.limit) {
    const int limit = *options.limit;
    if (limit < 1 || (limit > limits::kv_list_max && detail::checks_limits(context)))
      error = invalid_argument("the limit is " + std::to_string(limit) + "; 1 to 1000 are allowed");
    detail::append_number(body.append(R"(,"limit":)"), limit);
  }
  if (auto wrong = check_list(options, context)) error = std::move(wrong);
  if (!options.prefix.empty()) append_member(body, "prefix", options.prefix);
  if (!options.cursor.empty()) append_member(body, "cursor", options.cursor);
  return {
      detail::with_json(edgebase_request(kv_endpoint("edgebase.kv.list"), context, name), std::move(error), body + "}"),
      read_key_names};
}

}  // namespace cloudflare::ops
