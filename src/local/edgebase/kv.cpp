#include <cloudflare/limits.hpp>

#include <cmath>

#include "base/encode.hpp"
#include "local/edgebase/handlers.hpp"
#include "local/kv/handlers.hpp"

namespace cloudflare::local {

namespace {

KvNamespaceRecord namespace_of(Account& account, const EdgeBaseResources& known, const EdgeBaseCall& call) {
  auto found = account.kv.find(known.namespaces.at(call.name));
  if (!found) throw EdgeBaseRefusal{500, "The binding of KV namespace '" + call.name + "' is not there."};
  return *std::move(found);
}

// 0 counts as absent, as on the real server.
std::optional<std::int64_t> whole(const EdgeBaseCall& call, std::string_view member) {
  const Json* value = call.find(member);
  if (value == nullptr || value->number == 0) return std::nullopt;
  return static_cast<std::int64_t>(std::clamp(value->number, -9e15, 9e15));
}

std::string done() { return R"({"ok":true})"; }

std::string get(Account& account, const KvNamespaceRecord& ns, const std::string& key) {
  kv_check_key("get", key);
  const auto found = account.kv.get(ns.number, key);
  ObjectWriter reply;
  if (found)
    reply.text("value", found->value);
  else
    reply.raw("value", "null");
  return std::move(reply).take();
}

std::string set(Account& account, const KvNamespaceRecord& ns, const EdgeBaseCall& call) {
  const std::string& key = call.text("key");
  const Json* value = call.find("value");
  if (value == nullptr) throw EdgeBaseRefusal{400, "'value' is required."};
  kv_check_key("put", key);
  kv_check_value_size("put", value->string.size());
  KvPair pair{.key = key, .value = value->string};
  pair.expiration = kv_expiration("put", *account.clock, whole(call, "ttl"), std::nullopt);
  account.rate_limits.count_write(ns.id, key);
  NamespaceStore::Batch batch(account.kv, ns.number);
  batch.put(pair);
  batch.commit();
  return done();
}

std::string erase(Account& account, const KvNamespaceRecord& ns, const std::string& key) {
  kv_check_key("remove key", key);
  account.rate_limits.count_write(ns.id, key);
  NamespaceStore::Batch batch(account.kv, ns.number);
  batch.erase(key);
  batch.commit();
  return done();
}

std::string list(Account& account, const KvNamespaceRecord& ns, const EdgeBaseCall& call) {
  const auto text = [&](std::string_view member) {
    const Json* found = call.find(member);
    return found == nullptr ? std::string_view() : std::string_view(found->string);
  };
  const auto after = cloudflare::detail::base64_decoded(text("cursor"));
  if (!after) throw EdgeBaseRefusal{400, "The cursor is invalid."};
  const auto limit = whole(call, "limit").value_or(limits::kv_list_max);
  const KvListing listing = account.kv.keys(ns.number, text("prefix"), *after, limit);
  std::string keys = "[";
  for (const KvRecord& record : listing.keys) {
    if (keys.size() > 1) keys += ',';
    cloudflare::detail::append_json_string(keys, record.key);
  }
  ObjectWriter reply;
  reply.raw("keys", keys + "]");
  std::string cursor;
  if (!listing.complete) cloudflare::detail::append_base64(cursor, listing.keys.back().key);
  if (!cursor.empty()) reply.text("cursor", cursor);
  return std::move(reply).take();
}

}  // namespace

void edgebase_check_kv(const EdgeBaseCall& call) {
  for (const std::string_view member : {"key", "value", "prefix", "cursor"})
    edgebase_check_kind(call, member, Json::Kind::string);
  for (const std::string_view member : {"ttl", "limit"}) edgebase_check_kind(call, member, Json::Kind::number);
  const Json* limit = call.find("limit");
  if (limit != nullptr &&
      !(limit->number >= 1 && limit->number <= limits::kv_list_max && std::trunc(limit->number) == limit->number))
    throw EdgeBaseRefusal{400, "'limit' must be a whole number from 1 to 1000."};
}

std::string edgebase_kv(Account& account, const EdgeBaseResources& known, EdgeBaseCall call) {
  const KvNamespaceRecord ns = namespace_of(account, known, call);
  if (call.action == "get") return get(account, ns, call.text("key"));
  if (call.action == "set") return set(account, ns, call);
  if (call.action == "delete") return erase(account, ns, call.text("key"));
  return list(account, ns, call);
}

}  // namespace cloudflare::local
