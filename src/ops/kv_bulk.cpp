// Bulk operations on one namespace: one request each, and the `_many` forms over the packing flow.

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "ops/kv_common.hpp"
#include "packing.hpp"

namespace cloudflare::ops {

namespace {

namespace table = detail::table;
using detail::Batch;
using detail::PackedItem;
using detail::PackedJob;
using detail::Packer;
using detail::PackFormat;
using detail::Reply;
using detail::Request;
using detail::TextReader;

std::optional<Error> check_count(std::size_t count, std::size_t most, std::string_view what, const Context& context) {
  if (count == 0) return invalid_argument("there are no " + std::string(what));
  if (detail::checks_limits(context) && count > most)
    return invalid_argument("there are " + std::to_string(count) + ' ' + std::string(what) + "; at most " +
                            std::to_string(most) + " are allowed in one request");
  return std::nullopt;
}

// Names the position of the item an error is about.
Error at_position(const Error& error, std::size_t position) {
  return invalid_argument("item " + std::to_string(position) + ": " + error.details().text);
}

Result<std::string> keys_as_json(std::span<const std::string> keys, const Context& context) {
  std::string json = "[";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (auto error = check_key(keys[i], detail::checks_limits(context))) return at_position(*error, i);
    if (i != 0) json.push_back(',');
    detail::append_json_string(json, keys[i]);
  }
  return json + "]";
}

Call<kv::BulkReply> erase_bulk(const detail::Operation& operation, const Context& context, std::string_view id,
                               std::span<const std::string> keys) {
  auto request = namespace_request(operation, context, id);
  if (!request) return Call<kv::BulkReply>(request.error());
  if (auto error = check_count(keys.size(), limits::kv_bulk_keys, "keys", context)) return Call<kv::BulkReply>(*error);
  auto json = keys_as_json(keys, context);
  if (!json) return Call<kv::BulkReply>(json.error());
  detail::set_json(*request, std::move(*json));
  return {std::move(request), read_bulk_reply};
}

// Positions in `batch` of the keys that the server wants again.
std::vector<std::size_t> positions_of(const Batch& batch, const std::vector<std::string>& keys) {
  const std::unordered_set<std::string_view> wanted(keys.begin(), keys.end());
  std::vector<std::size_t> positions;
  for (std::size_t at = 0; at < batch.items.size() && !wanted.empty(); ++at)
    if (wanted.contains(batch.name(batch.items[at]))) positions.push_back(at);
  return positions;
}

class EntryPacker final : public Packer {
 public:
  EntryPacker(const Context& context, std::unique_ptr<EntryReader> entries)
      : context_(context), entries_(std::move(entries)) {}

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
  Result<std::vector<std::size_t>> settle(const Batch& batch, Reply&& reply) override {
    return read_bulk_reply(std::move(reply)).transform([&](const kv::BulkReply& bulk) {
      return positions_of(batch, bulk.unsuccessful_keys);
    });
  }

 private:
  Context context_;
  std::unique_ptr<EntryReader> entries_;
};

class KeyPacker : public Packer {
 public:
  KeyPacker(const Context& context, std::unique_ptr<TextReader> keys) : context_(context), keys_(std::move(keys)) {}

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
  Result<std::vector<std::size_t>> settle(const Batch& batch, Reply&& reply) override {
    return read_bulk_reply(std::move(reply)).transform([&](const kv::BulkReply& bulk) {
      return positions_of(batch, bulk.unsuccessful_keys);
    });
  }

 private:
  Context context_;
  std::unique_ptr<TextReader> keys_;
};

Result<PackFormat> array_format(const detail::Operation& operation, const Context& context, std::string_view id,
                                std::size_t max_items, std::size_t max_bytes) {
  auto request = namespace_request(operation, context, id);
  if (!request) return request.error();
  detail::set_json(*request, {});
  return PackFormat{.request = std::move(*request),
                    .prefix = "[",
                    .separator = ",",
                    .suffix = "]",
                    .max_items = max_items,
                    .max_bytes = max_bytes};
}

}  // namespace

Call<kv::BulkReply> kv_put_bulk(const Context& context, std::string_view id, std::span<const kv::Entry> entries) {
  auto request = namespace_request(table::kv_put_bulk, context, id);
  if (!request) return Call<kv::BulkReply>(request.error());
  if (auto error = check_count(entries.size(), limits::kv_bulk_pairs, "pairs", context))
    return Call<kv::BulkReply>(*error);
  std::string json = "[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const kv::EntryView entry = kv::view_of(entries[i]);
    if (auto error = check_entry(entry, context)) return Call<kv::BulkReply>(at_position(*error, i));
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

Call<kv::BulkReply> kv_erase_bulk(const Context& context, std::string_view id, std::span<const std::string> keys) {
  return erase_bulk(table::kv_erase_bulk, context, id, keys);
}

Call<kv::BulkReply> kv_erase_bulk_legacy(const Context& context, std::string_view id,
                                         std::span<const std::string> keys) {
  return erase_bulk(table::kv_erase_bulk_legacy, context, id, keys);
}

Call<std::vector<std::optional<kv::Value>>> kv_get_bulk(const Context& context, std::string_view id,
                                                        std::span<const std::string> keys,
                                                        const kv::BulkGetOptions& options) {
  using Values = std::vector<std::optional<kv::Value>>;
  auto request = namespace_request(table::kv_get_bulk, context, id);
  if (!request) return Call<Values>(request.error());
  if (auto error = check_count(keys.size(), limits::kv_bulk_get_keys, "keys", context)) return Call<Values>(*error);
  auto json = keys_as_json(keys, context);
  if (!json) return Call<Values>(json.error());
  detail::set_json(*request, R"({"keys":)" + *json + R"(,"type":")" +
                                 (options.type == kv::ValueType::json ? "json" : "text") + R"(","withMetadata":)" +
                                 (options.with_metadata ? "true}" : "false}"));
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

FlowPtr<BulkResult> kv_put_many(const Context& context, std::string_view id, std::unique_ptr<EntryReader> entries,
                                const kv::BulkOptions& options) {
  auto format = array_format(table::kv_put_bulk, context, id, limits::kv_bulk_pairs,
                             std::min<std::size_t>(options.max_request_bytes, limits::kv_bulk_bytes));
  if (!format) return std::make_unique<PackedJob>(format.error());
  format->expected = options.expected_items ? options.expected_items : entries->size();
  return std::make_unique<PackedJob>(std::move(*format), std::make_unique<EntryPacker>(context, std::move(entries)),
                                     options, detail::most_in_flight(context, options.in_flight));
}

FlowPtr<BulkResult> kv_erase_many(const Context& context, std::string_view id, std::unique_ptr<TextReader> keys,
                                  const kv::BulkOptions& options) {
  auto format = array_format(table::kv_erase_bulk, context, id, limits::kv_bulk_keys,
                             std::min<std::size_t>(options.max_request_bytes, limits::kv_bulk_bytes));
  if (!format) return std::make_unique<PackedJob>(format.error());
  format->expected = options.expected_items ? options.expected_items : keys->size();
  return std::make_unique<PackedJob>(std::move(*format), std::make_unique<KeyPacker>(context, std::move(keys)), options,
                                     detail::most_in_flight(context, options.in_flight));
}

namespace {

class KvGetMany final : public detail::FlowOf<kv::GetManyResult> {
 public:
  KvGetMany(const Context& context, std::string_view id, std::unique_ptr<TextReader> keys,
            const kv::GetManyOptions& options);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply> reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  void settle();
  struct State;
  std::unique_ptr<State> state_;
};

// The server decodes values as text; one that holds U+FFFD may have been bytes, so it is read again by itself. While
// such reads run, no further bulk read begins: what waits stays bounded.
struct KvGetMany::State {
  struct Doubtful {
    std::uint64_t index = 0;
    std::string key{};
    kv::Value value{};
  };

  State(const Context& given, std::string_view ns, kv::GetManyOptions wishes)
      : context(given), id(ns), options(std::move(wishes)) {}

  Context context;
  std::string id;
  kv::GetManyOptions options;
  int most = 1;
  std::vector<std::optional<kv::Value>> values{};
  std::vector<ItemFailure> failed_singles{};
  std::uint64_t singles = 0;
  std::deque<Doubtful> doubtful{};
  std::map<unsigned, Doubtful> open{};
  unsigned next_tag = 0;
  std::optional<PackedJob> job{};

  void take(std::uint64_t index, std::string_view key, std::optional<kv::Value>&& value) {
    if (options.on_value) return options.on_value(index, key, std::move(value));
    if (values.size() <= index) values.resize(index + 1);
    values[index] = std::move(value);
  }

  void read_singles(detail::Outbox& out) {
    while (!doubtful.empty() && open.size() < static_cast<std::size_t>(most)) {
      Doubtful single = std::move(doubtful.front());
      doubtful.pop_front();
      auto request = value_request(context, id, single.key);
      open.emplace(next_tag, std::move(single));
      ++singles;
      out.send(next_tag++, std::move(*request));
    }
  }

  void take_single(unsigned tag, Result<Reply> reply) {
    auto node = open.extract(tag);
    Doubtful& single = node.mapped();
    if (reply) {
      single.value.value = std::move(reply->http.body);
      take(single.index, single.key, std::move(single.value));
    } else if (is_missing_key(reply.error())) {
      take(single.index, single.key, std::nullopt);
    } else {
      failed_singles.push_back({.index = single.index, .name = single.key, .error = reply.error()});
    }
  }
};

class ValuePacker final : public Packer {
 public:
  using Take = std::function<void(std::uint64_t, std::string_view, std::optional<kv::Value>&&)>;
  ValuePacker(const Context& context, std::unique_ptr<TextReader> keys, bool with_metadata, Take take)
      : keys_(context, std::move(keys)), with_metadata_(with_metadata), take_(std::move(take)) {}

  Read read(std::string& text, std::string& names) override { return keys_.read(text, names); }
  [[nodiscard]] Error refusal() const override { return keys_.refusal(); }

  Result<std::vector<std::size_t>> settle(const Batch& batch, Reply&& reply) override {
    std::unordered_multimap<std::string_view, const PackedItem*> asked;  // a key may be asked for twice
    for (const PackedItem& item : batch.items) asked.emplace(batch.name(item), &item);
    auto read = read_bulk_values(reply, {.with_metadata = with_metadata_},
                                 [&](std::string_view name, std::optional<kv::Value>&& value) {
                                   const auto [first, last] = asked.equal_range(name);
                                   if (first == last) return;
                                   for (auto it = std::next(first); it != last; ++it)
                                     take_(it->second->index, it->first, std::optional(value));
                                   take_(first->second->index, first->first, std::move(value));
                                   asked.erase(first, last);
                                 });
    if (!read) return read.error();
    for (const auto& [key, item] : asked) take_(item->index, key, std::nullopt);
    return std::vector<std::size_t>();
  }

 private:
  KeyPacker keys_;
  bool with_metadata_;
  Take take_;
};

// What the server's decoding leaves where bytes were no text.
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

KvGetMany::KvGetMany(const Context& context, std::string_view id, std::unique_ptr<TextReader> keys,
                     const kv::GetManyOptions& options)
    : state_(std::make_unique<State>(context, id, options)) {
  auto format = array_format(table::kv_get_bulk, context, id, limits::kv_bulk_get_keys, limits::kv_bulk_bytes);
  if (!format) {
    this->finish(format.error());
    return;
  }
  format->prefix = R"({"keys":[)";
  format->suffix = R"(],"type":"text","withMetadata":)" + std::string(options.with_metadata ? "true}" : "false}");
  format->expected = keys->size();
  state_->most = detail::most_in_flight(context, options.in_flight);
  auto take = [state = state_.get()](std::uint64_t index, std::string_view key, std::optional<kv::Value>&& value) {
    if (value && value->value.find(replacement_character) != std::string::npos) {
      state->doubtful.push_back({index, std::string(key), std::move(*value)});
    } else {
      state->take(index, key, std::move(value));
    }
  };
  state_->job.emplace(std::move(*format),
                      std::make_unique<ValuePacker>(context, std::move(keys), options.with_metadata, std::move(take)),
                      kv::BulkOptions{.on_progress = options.on_progress}, state_->most);
}

void KvGetMany::begin(detail::Outbox& out) {
  state_->job->begin(out);
  settle();
}

void KvGetMany::on_reply(unsigned tag, Result<Reply> reply, detail::Outbox& out) {
  if (out.sent().operation == &table::kv_get) {
    state_->take_single(tag, std::move(reply));
  } else {
    state_->job->on_reply(tag, std::move(reply), out);
  }
  state_->read_singles(out);
  state_->job->limit(state_->open.empty() ? state_->most : 0, out);
  settle();
}

void KvGetMany::on_wake(detail::Outbox& out) {
  state_->job->on_wake(out);
  settle();
}

void KvGetMany::abort(Error error) {
  if (this->finished()) return;
  for (const auto& [tag, single] : state_->open) state_->failed_singles.push_back({single.index, single.key, error});
  for (const auto& single : state_->doubtful) state_->failed_singles.push_back({single.index, single.key, error});
  state_->open.clear();
  state_->doubtful.clear();
  state_->job->abort(std::move(error));
  settle();
}

void KvGetMany::settle() {
  if (!state_->job->finished() || !state_->open.empty() || !state_->doubtful.empty()) return;
  auto outcome = state_->job->take();
  if (!outcome) return this->finish(outcome.error());
  kv::GetManyResult result{.values = std::move(state_->values), .outcome = std::move(*outcome)};
  if (!state_->options.on_value) result.values.resize(result.outcome.items);
  result.outcome.requests += state_->singles;
  result.outcome.succeeded -= state_->failed_singles.size();
  for (ItemFailure& failure : state_->failed_singles) result.outcome.failed.push_back(std::move(failure));
  this->finish(std::move(result));
}

}  // namespace

FlowPtr<kv::GetManyResult> kv_get_many(const Context& context, std::string_view id, std::unique_ptr<TextReader> keys,
                                       const kv::GetManyOptions& options) {
  return std::make_unique<KvGetMany>(context, id, std::move(keys), options);
}

}  // namespace cloudflare::ops
