// Bulk operations on one namespace: one request each, and the `_many` forms over the bulk flow.

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "bulk/bulk_flow.hpp"
#include "kv/common.hpp"

namespace cloudflare::ops {

namespace {

using detail::Batch;
using detail::BulkCodec;
using detail::BulkFlow;
using detail::BulkFormat;
using detail::BulkItem;
using detail::Reply;
using detail::Request;
using detail::TextReader;
using detail::Twice;

std::optional<Error> check_count(std::size_t count, std::size_t most, std::string_view what,
                                 const RequestContext& context) {
  if (count == 0) return invalid_argument("there are no " + std::string(what));
  if (detail::checks_limits(context) && count > most)
    return invalid_argument("there are " + std::to_string(count) + ' ' + std::string(what) + "; at most " +
                            std::to_string(most) + " are allowed in one request");
  return std::nullopt;
}

// Adds the item's position to an error.
Error at_position(const Error& error, std::size_t position) {
  return invalid_argument("item " + std::to_string(position) + ": " + error.details().text);
}

Result<std::string> keys_as_json(std::span<const std::string> keys, const RequestContext& context) {
  std::string json = "[";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (auto error = check_key(keys[i], detail::checks_limits(context))) return at_position(*error, i);
    if (i != 0) json.push_back(',');
    detail::append_json_string(json, keys[i]);
  }
  return json + "]";
}

Call<kv::BulkReply> erase_bulk(const detail::Endpoint& endpoint, const RequestContext& context, std::string_view id,
                               std::span<const std::string> keys) {
  auto request = namespace_request(endpoint, context, id);
  if (!request) return Call<kv::BulkReply>(request.error());
  if (auto error = check_count(keys.size(), limits::kv_bulk_keys, "keys", context)) return Call<kv::BulkReply>(*error);
  auto json = keys_as_json(keys, context);
  if (!json) return Call<kv::BulkReply>(json.error());
  detail::set_json(*request, std::move(*json));
  return {std::move(request), read_bulk_reply};
}

// Positions in `batch` of the keys that the server wants sent again.
std::vector<std::size_t> positions_of(const Batch& batch, const std::vector<std::string>& keys) {
  const std::unordered_set<std::string_view> wanted(keys.begin(), keys.end());
  std::vector<std::size_t> positions;
  for (std::size_t at = 0; at < batch.items.size() && !wanted.empty(); ++at)
    if (wanted.contains(batch.name(batch.items[at]))) positions.push_back(at);
  return positions;
}

// Positions of the failed keys that an error reply lists, if they and its count of successes add up to the batch.
std::optional<std::vector<std::size_t>> positions_refused(const Batch& batch, const Error& refusal) {
  if (refusal.result().empty()) return std::nullopt;
  const std::size_t size = refusal.result().size();
  const auto bulk = read_bulk_reply({.http = {.body = refusal.result()}, .result_size = size});
  if (!bulk || !bulk->successful_key_count || bulk->unsuccessful_keys.empty()) return std::nullopt;
  auto positions = positions_of(batch, bulk->unsuccessful_keys);
  const std::size_t listed = bulk->unsuccessful_keys.size();
  const auto done = static_cast<std::int64_t>(batch.items.size() - positions.size());
  if (positions.size() != listed || *bulk->successful_key_count != done) return std::nullopt;
  return positions;
}

// The keys that the server could not process are sent again.
Result<BulkCodec::Open> settle_keys(const Batch& batch, Reply&& reply) {
  return read_bulk_reply(std::move(reply)).transform([&](const kv::BulkReply& bulk) {
    return BulkCodec::Open{.again = positions_of(batch, bulk.unsuccessful_keys)};
  });
}

class EntryCodec final : public BulkCodec {
 public:
  EntryCodec(const RequestContext& context, std::string_view id, std::unique_ptr<EntryReader> entries)
      : context_(context), id_(id), entries_(std::move(entries)) {}

  Read read(std::string& text, std::string& names) override {
    const kv::EntryView* entry = entries_->next();
    if (entry == nullptr) return Read::end;
    names.append(entry->key);
    if (auto error = check_entry(*entry, context_)) {
      refusal_ = std::move(*error);
      return Read::refused;
    }
    append_entry(text, *entry);
    return Read::item;
  }
  Result<Open> settle(const Batch& batch, Reply&& reply) override { return settle_keys(batch, std::move(reply)); }
  [[nodiscard]] std::optional<std::vector<std::size_t>> not_done(const Batch& batch,
                                                                 const Error& refusal) const override {
    return positions_refused(batch, refusal);
  }
  [[nodiscard]] std::optional<Request> single(const Batch& batch) override {
    const BulkItem& item = batch.items.front();
    return entry_request(context_, id_, std::string_view(batch.text).substr(item.begin, item.size));
  }

 private:
  RequestContext context_;
  std::string id_;
  std::unique_ptr<EntryReader> entries_;
};

class KeyCodec : public BulkCodec {
 public:
  KeyCodec(const RequestContext& context, std::unique_ptr<TextReader> keys)
      : context_(context), keys_(std::move(keys)) {}

  Read read(std::string& text, std::string& names) override {
    const std::string_view* key = keys_->next();
    if (key == nullptr) return Read::end;
    names.append(*key);
    if (auto error = check_key(*key, detail::checks_limits(context_))) {
      refusal_ = std::move(*error);
      return Read::refused;
    }
    detail::append_json_string(text, *key);
    return Read::item;
  }
  Result<Open> settle(const Batch& batch, Reply&& reply) override { return settle_keys(batch, std::move(reply)); }
  [[nodiscard]] std::optional<std::vector<std::size_t>> not_done(const Batch& batch,
                                                                 const Error& refusal) const override {
    return positions_refused(batch, refusal);
  }

 private:
  RequestContext context_;
  std::unique_ptr<TextReader> keys_;
};

Result<BulkFormat> array_format(const detail::Endpoint& endpoint, const RequestContext& context, std::string_view id,
                                std::size_t max_items, std::size_t max_bytes) {
  auto request = namespace_request(endpoint, context, id);
  if (!request) return request.error();
  detail::set_json(*request, {});
  return BulkFormat{.request = std::move(*request),
                    .prefix = "[",
                    .separator = ",",
                    .suffix = "]",
                    .max_items = max_items,
                    .max_bytes = max_bytes};
}

// Finds two different pairs with the same key: the server refuses such a request as a whole.
class SameKeys {
 public:
  explicit SameKeys(std::span<const kv::Entry> entries) : entries_(entries) { first_.reserve(entries.size()); }
  [[nodiscard]] std::optional<Error> check(std::size_t position) {
    const auto [it, is_new] = first_.emplace(entries_[position].key, position);
    if (is_new || same(entries_[it->second], entries_[position])) return std::nullopt;
    return invalid_argument("items " + std::to_string(it->second) + " and " + std::to_string(position) +
                            " have the same key but differ; put_many keeps the last");
  }

 private:
  static bool same(const kv::Entry& a, const kv::Entry& b) {
    return a.value == b.value && a.ttl == b.ttl && a.expiration == b.expiration && a.metadata == b.metadata &&
           a.base64 == b.base64;
  }
  std::span<const kv::Entry> entries_;
  std::unordered_map<std::string_view, std::size_t> first_{};
};

// The size if all values are plain text. Reserving it avoids growth, which would hold the body twice.
std::size_t most_likely_size(std::span<const kv::Entry> entries) {
  std::size_t size = 2;
  for (const kv::Entry& entry : entries) {
    const kv::EntryView view = kv::view_of(entry);
    size += view.key.size() + view.value.size() + view.value.size() / 16 + view.metadata.size() + 64;
  }
  return size;
}

}  // namespace

Call<kv::BulkReply> kv_put_bulk(const RequestContext& context, std::string_view id,
                                std::span<const kv::Entry> entries) {
  auto request = namespace_request(kv_endpoint("kv.put_bulk"), context, id);
  if (!request) return Call<kv::BulkReply>(request.error());
  if (auto error = check_count(entries.size(), limits::kv_bulk_pairs, "pairs", context))
    return Call<kv::BulkReply>(*error);
  std::string json;
  json.reserve(most_likely_size(entries));
  json = "[";
  SameKeys same_keys(entries);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const kv::EntryView entry = kv::view_of(entries[i]);
    if (auto error = check_entry(entry, context)) return Call<kv::BulkReply>(at_position(*error, i));
    if (detail::checks_limits(context))
      if (auto error = same_keys.check(i)) return Call<kv::BulkReply>(std::move(*error));
    if (i != 0) json.push_back(',');
    append_entry(json, entry);
  }
  json.push_back(']');
  if (detail::checks_limits(context) && json.size() > limits::kv_bulk_bytes)
    return Call<kv::BulkReply>(invalid_argument("the pairs make a request of " + std::to_string(json.size()) +
                                                " bytes; at most 100 MB are allowed; put_many splits"));
  detail::set_json(*request, std::move(json));
  return {std::move(request), read_bulk_reply};
}

Call<kv::BulkReply> kv_erase_bulk(const RequestContext& context, std::string_view id,
                                  std::span<const std::string> keys) {
  return erase_bulk(kv_endpoint("kv.erase_bulk"), context, id, keys);
}

Call<kv::BulkReply> kv_erase_bulk_legacy(const RequestContext& context, std::string_view id,
                                         std::span<const std::string> keys) {
  return erase_bulk(kv_endpoint("kv.erase_bulk_legacy"), context, id, keys);
}

Call<std::vector<std::optional<kv::Value>>> kv_get_bulk(const RequestContext& context, std::string_view id,
                                                        std::span<const std::string> keys,
                                                        const kv::BulkGetOptions& options) {
  using Values = std::vector<std::optional<kv::Value>>;
  auto request = namespace_request(kv_endpoint("kv.get_bulk"), context, id);
  if (!request) return Call<Values>(request.error());
  if (auto error = check_count(keys.size(), limits::kv_bulk_get_keys, "keys", context)) return Call<Values>(*error);
  auto json = keys_as_json(keys, context);
  if (!json) return Call<Values>(json.error());
  detail::set_json(*request, R"({"keys":)" + *json + R"(,"type":")" +
                                 (options.type == kv::ValueType::json ? "json" : "text") + R"(","withMetadata":)" +
                                 (asks_for_metadata(options) ? "true}" : "false}"));
  return {std::move(request),
          [keys = std::vector<std::string>(keys.begin(), keys.end()), options](Reply&& reply) -> Result<Values> {
            Values values(keys.size());
            std::unordered_multimap<std::string_view, std::size_t> asked;  // a key may be asked for twice
            for (std::size_t i = 0; i < keys.size(); ++i) asked.emplace(keys[i], i);
            auto read = read_bulk_values(reply, options, [&](std::string_view name, std::optional<kv::Value>&& value) {
              const auto [first, last] = asked.equal_range(name);
              for (auto it = first; it != last; ++it) values[it->second] = value;
            });
            if (!read) return read.error();
            return values;
          }};
}

FlowPtr<BulkResult> kv_put_many(const RequestContext& context, std::string_view id,
                                std::unique_ptr<EntryReader> entries, const kv::BulkOptions& options) {
  auto format =
      array_format(kv_endpoint("kv.put_bulk"), context, id, limits::kv_bulk_pairs,
                   static_cast<std::size_t>(std::min<std::uint64_t>(options.max_request_bytes, limits::kv_bulk_bytes)));
  if (!format) return std::make_unique<BulkFlow>(format.error());
  format->locate_refusal = true;
  format->twice = Twice::last;
  format->expected = options.expected_items ? options.expected_items : entries->size();
  return std::make_unique<BulkFlow>(std::move(*format), std::make_unique<EntryCodec>(context, id, std::move(entries)),
                                    options, detail::most_in_flight(context, options.in_flight));
}

FlowPtr<BulkResult> kv_erase_many(const RequestContext& context, std::string_view id, std::unique_ptr<TextReader> keys,
                                  const kv::BulkOptions& options) {
  auto format =
      array_format(kv_endpoint("kv.erase_bulk"), context, id, limits::kv_bulk_keys,
                   static_cast<std::size_t>(std::min<std::uint64_t>(options.max_request_bytes, limits::kv_bulk_bytes)));
  if (!format) return std::make_unique<BulkFlow>(format.error());
  format->locate_refusal = true;
  format->twice = Twice::last;
  format->expected = options.expected_items ? options.expected_items : keys->size();
  return std::make_unique<BulkFlow>(std::move(*format), std::make_unique<KeyCodec>(context, std::move(keys)), options,
                                    detail::most_in_flight(context, options.in_flight));
}

namespace {

// The server decodes values as text. A value that may have been bytes is read again by itself.
class ValueCodec final : public BulkCodec {
 public:
  using Take = std::function<void(std::uint64_t, std::string_view, std::optional<kv::Value>&&)>;
  ValueCodec(const RequestContext& context, std::string_view id, std::unique_ptr<TextReader> keys, bool with_metadata,
             Take take)
      : context_(context),
        id_(id),
        keys_(context, std::move(keys)),
        with_metadata_(with_metadata),
        take_(std::move(take)) {}

  Read read(std::string& text, std::string& names) override { return keys_.read(text, names); }
  [[nodiscard]] Error refusal() const override { return keys_.refusal(); }

  Result<Open> settle(const Batch& batch, Reply&& reply) override {
    std::unordered_multimap<std::string_view, std::size_t> asked;  // a key may be asked for twice
    for (std::size_t at = 0; at < batch.items.size(); ++at) asked.emplace(batch.name(batch.items[at]), at);
    Open open;
    auto read = read_bulk_values(reply, {.with_metadata = with_metadata_},
                                 [&](std::string_view name, std::optional<kv::Value>&& value) {
                                   const auto [first, last] = asked.equal_range(name);
                                   auto at = first;
                                   for (; at != last && std::next(at) != last; ++at)
                                     take(batch, at->second, value, open);
                                   if (at != last) take(batch, at->second, std::move(value), open);
                                   asked.erase(first, last);
                                 });
    if (!read) return read.error();
    for (const auto& [key, at] : asked) take_(batch.items[at].index, key, std::nullopt);
    return open;
  }

  // A value that no bulk read can carry has its metadata read first, if they are wanted.
  [[nodiscard]] std::optional<Request> single(const Batch& batch) override {
    const std::string_view key = batch.name(batch.items.front());
    auto request = wants_metadata(batch) ? key_request(kv_endpoint("kv.metadata"), context_, id_, key)
                                         : value_request(context_, id_, key);
    return request ? std::optional(std::move(*request)) : std::nullopt;
  }
  Result<bool> settle_single(const Batch& batch, Result<Reply>&& reply) override {
    const BulkItem& item = batch.items.front();
    if (!reply && !is_missing_key(reply.error())) return reply.error();
    if (reply && wants_metadata(batch)) {
      doubtful_[item.index].metadata = metadata_of(*reply);
      return false;
    }
    auto node = doubtful_.extract(item.index);
    std::optional<kv::Value> value;
    if (reply) {
      value = value_of(std::move(*reply));
      if (!with_metadata_) value->expiration.reset();
      if (node) {
        value->metadata = std::move(node.mapped().metadata);
        if (node.mapped().expiration) value->expiration = node.mapped().expiration;
      }
    }
    take_(item.index, batch.name(item), std::move(value));
    return true;
  }

 private:
  [[nodiscard]] bool wants_metadata(const Batch& batch) const {
    return with_metadata_ && !doubtful_.contains(batch.items.front().index);
  }
  void take(const Batch& batch, std::size_t at, std::optional<kv::Value> value, Open& open) {
    const BulkItem& item = batch.items[at];
    if (!value || !may_be_bytes(value->value)) return take_(item.index, batch.name(item), std::move(value));
    value->value.clear();  // metadata and expiration stay
    doubtful_.emplace(item.index, std::move(*value));
    open.singly.push_back(at);
  }

  RequestContext context_;
  std::string id_;
  KeyCodec keys_;
  bool with_metadata_;
  Take take_;
  std::unordered_map<std::uint64_t, kv::Value> doubtful_{};
};

}  // namespace

FlowPtr<kv::GetManyResult> kv_get_many(const RequestContext& context, std::string_view id,
                                       std::unique_ptr<TextReader> keys, const kv::GetManyOptions& options) {
  auto values = std::make_shared<std::vector<std::optional<kv::Value>>>();
  ValueCodec::Take take = options.on_value;
  const bool collects = !take;
  if (collects)
    take = [values](std::uint64_t index, std::string_view, std::optional<kv::Value>&& value) {
      const auto at = static_cast<std::size_t>(index);
      if (values->size() <= at) values->resize(at + 1);
      (*values)[at] = std::move(value);
    };
  auto format = array_format(kv_endpoint("kv.get_bulk"), context, id, limits::kv_bulk_get_keys, limits::kv_bulk_bytes);
  if (format) {
    format->prefix = R"({"keys":[)";
    format->suffix = R"(],"type":"text","withMetadata":)" + std::string(options.with_metadata ? "true}" : "false}");
    format->expected = keys->size();
  }
  BulkFlow job =
      format
          ? BulkFlow(std::move(*format),
                     std::make_unique<ValueCodec>(context, id, std::move(keys), options.with_metadata, std::move(take)),
                     {.on_progress = options.on_progress, .on_outcome = options.on_outcome},
                     detail::most_in_flight(context, options.in_flight))
          : BulkFlow(format.error());
  auto give = [values, collects](BulkResult&& outcome) -> Result<kv::GetManyResult> {
    if (collects) values->resize(static_cast<std::size_t>(outcome.items));
    return kv::GetManyResult{.values = std::move(*values), .outcome = std::move(outcome)};
  };
  return std::make_unique<detail::Mapped<BulkFlow, decltype(give)>>(std::move(job), std::move(give));
}

}  // namespace cloudflare::ops
