#include <cloudflare/limits.hpp>

#include "base/encode.hpp"
#include "local/http/multipart.hpp"
#include "local/kv/handlers.hpp"

namespace cloudflare::local {

namespace {

struct Form {
  std::string_view value;
  std::string metadata;  // as JSON.stringify prints it; empty for null and when there is no such part
};

Form read_form(std::string_view content_type, std::string_view body) {
  std::optional<std::string_view> value;
  std::optional<std::string_view> metadata;
  for (const auto& [name, content] : parse_multipart(content_type, body)) {
    if (name == "value") value = content;
    if (name == "metadata") metadata = content;
  }
  if (!value) throw kv_error(400, 10001, "put", "the form has no part named value");
  if (!metadata) return {*value, {}};
  JsonProblem problem{};
  const auto json = parse_json(*metadata, &problem);
  if (!json && problem == JsonProblem::malformed) throw kv_error(400, 10001, "put", "metadata must be valid json");
  if (!json) throw kv_error(400, 10001, "put", "metadata cannot be read: " + to_text(problem));
  return {*value, json->is(Json::Kind::null) ? std::string() : to_text(*json)};
}

// A number of the query. Anything but a whole number counts as 0, which is refused.
std::optional<std::int64_t> seconds(const Request& request, std::string_view name) {
  const std::string* text = request.query(name);
  if (text == nullptr) return std::nullopt;
  return parse_integer(*text).value_or(0);
}

}  // namespace

Reply kv_get_value(Account& account, Request& request) {
  const auto ns = kv_namespace(account, request, "get");
  const std::string& key = request.captured.at(2);
  kv_check_key("get", key);
  auto found = account.kv.get(ns.number, key);
  if (!found) throw kv_error(404, 10009, "get", "key not found");
  Reply reply{.headers = {{"content-type", "application/octet-stream"}}, .body = std::move(found->value)};
  if (found->expiration) reply.headers.push_back({"expiration", std::to_string(*found->expiration)});
  return reply;
}

Reply kv_put_value(Account& account, Request& request) {
  const auto ns = kv_namespace(account, request, "put");
  const std::string& key = request.captured.at(2);
  kv_check_key("put", key);
  KvPair pair{.key = key};
  pair.expiration =
      kv_expiration("put", *account.clock, seconds(request, "expiration_ttl"), seconds(request, "expiration"));

  const std::string_view type = request.header("content-type");
  const bool form = is_multipart(type);
  const auto body = request.body(limits::kv_value_bytes + (form ? kv_form_room : 0));
  if (!body) kv_check_value_size("put", request.http().body.size().value_or(limits::kv_value_bytes + 1));
  if (!body) throw kv_error(413, 10011, "put", "the form is too large");
  std::string metadata;
  pair.value = *body;
  if (form) {
    Form parts = read_form(type, *body);
    pair.value = parts.value;
    metadata = std::move(parts.metadata);
    kv_check_metadata("put", metadata);
    kv_check_value_size("put", pair.value.size());
    pair.metadata = metadata;
  }

  account.rate_limits.count_write(ns.id, key);
  NamespaceStore::Batch batch(account.kv, ns.number);
  batch.put(pair);
  batch.commit();
  return ok("null");
}

Reply kv_delete_value(Account& account, Request& request) {
  const auto ns = kv_namespace(account, request, "remove key");
  const std::string& key = request.captured.at(2);
  kv_check_key("remove key", key);
  account.rate_limits.count_write(ns.id, key);
  NamespaceStore::Batch batch(account.kv, ns.number);
  batch.erase(key);
  batch.commit();
  return ok("null");
}

Reply kv_get_metadata(Account& account, Request& request) {
  const auto ns = kv_namespace(account, request, "get metadata");
  const std::string& key = request.captured.at(2);
  kv_check_key("get metadata", key);
  const auto found = account.kv.describe(ns.number, key);
  if (!found) throw kv_error(404, 10009, "get metadata", "key not found");
  return ok(found->metadata.empty() ? "null" : std::string_view(found->metadata));
}

Reply kv_list_keys(Account& account, Request& request) {
  static constexpr std::string_view operation = "list keys";
  const auto refuse = [](std::string text) { return kv_error(400, 10011, operation, text); };
  const auto ns = kv_namespace(account, request, operation);
  const auto limit =
      whole_number(request, "limit", limits::kv_list_min, limits::kv_list_max, limits::kv_list_max, refuse);
  const auto text = [&](std::string_view name) {
    const std::string* found = request.query(name);
    return found == nullptr ? std::string_view() : *found;
  };
  kv_check_key_length(operation, text("prefix"));
  // The cursor is the last key of the previous page, in base64.
  const auto after = cloudflare::detail::base64_decoded(text("cursor"));
  if (!after) throw refuse("Invalid cursor");

  const KvListing listing = account.kv.keys(ns.number, text("prefix"), *after, limit);
  std::string result = "[";
  for (const KvRecord& record : listing.keys) {
    ObjectWriter key;
    key.text("name", record.key);
    if (record.expiration) key.number("expiration", *record.expiration);
    if (!record.metadata.empty()) key.raw("metadata", record.metadata);
    result.append(result.size() > 1 ? "," : "").append(std::move(key).take());
  }
  result += ']';
  std::string cursor;
  if (!listing.complete) cloudflare::detail::append_base64(cursor, listing.keys.back().key);
  ObjectWriter info;
  info.number("count", static_cast<std::int64_t>(listing.keys.size())).text("cursor", cursor);
  return ok(result, {.result_info = std::move(info).take()});
}

}  // namespace cloudflare::local
