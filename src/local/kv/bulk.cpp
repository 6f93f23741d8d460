#include <cloudflare/limits.hpp>

#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "base/encode.hpp"
#include "base/json_in.hpp"
#include "local/kv/handlers.hpp"
#include "local/storage/text.hpp"

namespace cloudflare::local {

namespace {

namespace ondemand = simdjson::ondemand;

std::string_view whole_body(Request& request, std::string_view operation) {
  const auto body = request.body(limits::kv_bulk_bytes);
  if (!body) throw kv_error(413, 10011, operation, "the request is larger than 100000000 bytes");
  return *body;
}

ApiError too_many(std::string_view operation, std::size_t count) {
  return kv_error(400, 10011, operation, "at most 10000 keys are accepted, not " + std::to_string(count));
}

Reply bulk_result(std::size_t count) {
  ObjectWriter result;
  result.number("successful_key_count", static_cast<std::int64_t>(count)).raw("unsuccessful_keys", "[]");
  return ok(std::move(result).take());
}

// One pair of a bulk put as it stands in the body; the views live until the parser's next document.
struct RawPair {
  std::optional<std::string_view> key{};
  std::optional<std::string_view> value{};
  std::optional<std::int64_t> ttl{};
  std::optional<std::int64_t> expiration{};
  std::string metadata{};
  bool base64 = false;
};

ApiError wrong_pair(std::string_view text) { return kv_error(400, 10012, "bulk put", text); }

std::optional<std::int64_t> seconds(std::string_view name, ondemand::value value) {
  const Json number = read_json(value);
  if (number.is(Json::Kind::null)) return std::nullopt;
  if (!number.is(Json::Kind::number) || std::fabs(number.number) > 9e15)
    throw wrong_pair("the " + std::string(name) + " of each pair must be a whole number");
  return static_cast<std::int64_t>(number.number);
}

RawPair read_pair(ondemand::value item) {
  if (item.type().value() != ondemand::json_type::object) throw wrong_pair("each pair must be an object");
  RawPair pair;
  for (auto field : item.get_object()) {
    const std::string_view name = field.unescaped_key().value();
    ondemand::value value = field.value().value();
    const ondemand::json_type type = value.type().value();
    if (name == "key") {
      if (type == ondemand::json_type::string) pair.key = value.get_string().value();
    } else if (name == "value") {
      if (type == ondemand::json_type::string) pair.value = value.get_string().value();
    } else if (name == "expiration_ttl") {
      pair.ttl = seconds(name, value);
    } else if (name == "expiration") {
      pair.expiration = seconds(name, value);
    } else if (name == "base64") {
      if (type != ondemand::json_type::boolean) throw wrong_pair("base64 must be true or false");
      pair.base64 = value.get_bool().value();
    } else if (name == "metadata") {
      const Json metadata = read_json(value);
      pair.metadata = metadata.is(Json::Kind::null) ? std::string() : to_text(metadata);
    } else {
      (void)read_json(value);  // so that broken JSON is found
    }
  }
  if (!pair.key) throw wrong_pair("each pair needs a key");
  if (!pair.value) throw wrong_pair("the value of " + std::string(*pair.key) + " must be a string");
  return pair;
}

void store(Account& account, const KvNamespaceRecord& ns, NamespaceStore::Batch& batch, const RawPair& raw) {
  KvPair pair{.key = *raw.key, .value = *raw.value, .metadata = raw.metadata};
  std::optional<std::string> bytes;
  if (raw.base64) {
    bytes = forgiving_base64_decoded(*raw.value);
    if (!bytes) throw wrong_pair("the value of " + std::string(*raw.key) + " is not base64");
    pair.value = *bytes;
  }
  kv_check_key("bulk put", pair.key);
  pair.expiration = kv_expiration("bulk put", *account.clock, raw.ttl, raw.expiration);
  kv_check_metadata("bulk put", pair.metadata);
  kv_check_value_size("bulk put", pair.value.size());
  account.rate_limits.count_write(ns.id, pair.key);
  batch.put(pair);
}

// The engine takes the same pair twice, but not a key with two values.
bool same_pair(const RawPair& a, const RawPair& b) {
  const auto bytes = [](const RawPair& pair) {
    return pair.base64 ? forgiving_base64_decoded(*pair.value) : std::optional(std::string(*pair.value));
  };
  return a.ttl == b.ttl && a.expiration == b.expiration && a.metadata == b.metadata && bytes(a) == bytes(b);
}

Json bulk_get_body(Request& request) {
  constexpr std::size_t body_limit = 1 << 20;
  const auto body = request.body(body_limit);
  JsonProblem problem{};
  auto json = body ? parse_json(*body, &problem) : std::nullopt;
  if (body && !json) throw kv_error(400, 10012, "bulk get keys", to_text(problem));
  const Json* keys = json ? json->find("keys") : nullptr;
  if (keys == nullptr || !keys->is(Json::Kind::array))
    throw kv_error(400, 10012, "bulk get keys", "could not parse the body");
  for (const Json& key : keys->items)
    if (!key.is(Json::Kind::string)) throw kv_error(400, 10012, "bulk get keys", "each key must be a string");
  return *std::move(json);
}

void check_bulk_get_keys(const std::vector<Json>& keys) {
  const auto refuse = [](std::string_view text) { throw kv_error(400, 10029, "bulk get keys", text); };
  if (keys.empty()) refuse("You must request a minimum of 1 key");
  if (keys.size() > limits::kv_bulk_get_keys) refuse("You can request a maximum of 100 keys");
  for (const Json& key : keys) {
    if (key.string.empty()) refuse("Key names must not be empty");
    if (key.string == "." || key.string == "..")
      refuse("Illegal key name \"" + key.string + "\". Please use a different name.");
    kv_check_key_length("bulk get keys", key.string);
  }
}

// The value as JSON text: a string, or with `as_json` the document itself.
std::string value_json(const std::string& value, bool as_json) {
  std::string out;
  if (!as_json) {
    cloudflare::detail::append_json_string(out, decode_utf8(value));
    return out;
  }
  JsonProblem problem{};
  const auto json = parse_json(decode_utf8(value), &problem);
  if (!json && problem == JsonProblem::malformed)
    throw kv_error(400, 10029, "bulk get keys", "At least one of the requested keys corresponds to a non-json value");
  if (!json)
    throw kv_error(400, 10029, "bulk get keys", "the value of a requested key cannot be read: " + to_text(problem));
  append_json(out, *json);
  return out;
}

}  // namespace

Reply kv_bulk_put(Account& account, Request& request) {
  const auto ns = kv_namespace(account, request, "bulk put");
  const simdjson::padded_string body = cloudflare::detail::padded(whole_body(request, "bulk put"));
  const auto not_an_array = kv_error(400, 10012, "bulk put", "could not parse the body: expected an array");
  std::size_t count = 0;
  std::unordered_map<std::string_view, RawPair> pairs;
  ondemand::parser parser;
  try {
    ondemand::document document = cloudflare::detail::indexed(parser, body);
    if (document.type().value() != ondemand::json_type::array) throw not_an_array;
    // The whole request is one transaction: if one pair is refused, none is written.
    NamespaceStore::Batch batch(account.kv, ns.number);
    for (auto item : document.get_array()) {
      if (++count > limits::kv_bulk_pairs) continue;
      const RawPair pair = read_pair(item.value());
      const auto [first, is_new] = pairs.try_emplace(*pair.key, pair);
      if (is_new)
        store(account, ns, batch, pair);
      else if (!same_pair(first->second, pair))
        throw kv_error(
            400, 10001, "bulk put",
            "received duplicate key with different values or expiration parameters: \"" + std::string(*pair.key) + '"');
    }
    if (!at_end(document)) throw not_an_array;
    if (count > limits::kv_bulk_pairs) throw too_many("bulk put", count);
    batch.commit();
  } catch (const simdjson::simdjson_error& error) {
    const JsonProblem problem = problem_of(error);
    if (problem != JsonProblem::malformed) throw kv_error(400, 10012, "bulk put", to_text(problem));
    throw not_an_array;
  }
  return bulk_result(pairs.size());
}

Reply kv_bulk_delete(Account& account, Request& request) {
  constexpr std::string_view operation = "bulk remove keys";
  const auto ns = kv_namespace(account, request, operation);
  JsonProblem problem{};
  const auto keys = parse_json(whole_body(request, operation), &problem);
  if (!keys && problem != JsonProblem::malformed) throw kv_error(400, 10012, operation, to_text(problem));
  if (!keys || !keys->is(Json::Kind::array))
    throw kv_error(400, 10012, operation, "could not parse the body: expected an array");
  if (keys->items.size() > limits::kv_bulk_keys) throw too_many(operation, keys->items.size());
  for (const Json& key : keys->items) {
    if (!key.is(Json::Kind::string)) throw kv_error(400, 10012, operation, "each key must be a string");
    kv_check_key(operation, key.string);
  }
  NamespaceStore::Batch batch(account.kv, ns.number);
  std::unordered_set<std::string_view> erased;
  for (const Json& key : keys->items) {
    if (!erased.insert(key.string).second) continue;
    account.rate_limits.count_write(ns.id, key.string);
    batch.erase(key.string);
  }
  batch.commit();
  return bulk_result(erased.size());
}

Reply kv_bulk_get(Account& account, Request& request) {
  constexpr std::string_view operation = "bulk get keys";
  const auto ns = kv_namespace(account, request, operation);
  const Json body = bulk_get_body(request);
  const std::vector<Json>& keys = body.find("keys")->items;
  check_bulk_get_keys(keys);

  const Json* type = body.find("type");
  const bool as_json = type != nullptr && type->is(Json::Kind::string) && type->string == "json";
  if (type != nullptr && !type->is(Json::Kind::null) && !as_json && type->string != "text")
    throw kv_error(400, 10029, operation, to_text(*type) + " is not a valid type. Use \"json\" or \"text\"");
  const Json* with = body.find("withMetadata");
  const bool with_metadata = with != nullptr && with->is(Json::Kind::boolean) && with->boolean;

  std::unordered_set<std::string_view> seen;
  ObjectWriter values;
  std::uint64_t total = 0;
  for (const Json& key : keys) {
    if (!seen.insert(key.string).second) continue;
    const auto found = account.kv.get(ns.number, key.string);
    if (!found) {
      values.raw(key.string, "null");
      continue;
    }
    total += found->value.size();
    if (total > limits::kv_value_bytes)
      throw kv_error(413, 10011, operation, "Total size of request exceeds the limit of 25MB");
    const std::string value = value_json(found->value, as_json);
    if (!with_metadata) {
      values.raw(key.string, value);
      continue;
    }
    ObjectWriter one;
    one.raw("value", value).raw("metadata", found->metadata.empty() ? "null" : std::string_view(found->metadata));
    if (found->expiration) one.number("expiration", *found->expiration);
    values.raw(key.string, std::move(one).take());
  }
  ObjectWriter result;
  result.raw("values", std::move(values).take());
  return ok(std::move(result).take());
}

}  // namespace cloudflare::local
