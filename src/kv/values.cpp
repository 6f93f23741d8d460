// The operations on one namespace, except bulk.

#include <random>

#include "kv/common.hpp"
#include "kv/edgebase.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;
using detail::Request;

template <class T>
Result<std::optional<T>> absent_if_missing(Error&& error) {
  if (is_missing_key(error)) return std::optional<T>();
  return std::move(error);
}

Result<void> done_if_missing(Error&& error) {
  if (is_missing_key(error)) return {};
  return std::move(error);
}

Result<void> no_result(Reply&&) { return {}; }

// Cloudflare API reference, "Read key-value pair": the `expiration` reply header is in Unix seconds.
std::optional<std::chrono::sys_seconds> expiration_of(const Reply& reply) {
  const std::string* header = find_header(reply.http.headers, "expiration");
  if (header == nullptr) return std::nullopt;
  try {
    return std::chrono::sys_seconds(std::chrono::seconds(std::stoll(*header)));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string random_boundary() {
  std::random_device random;
  std::string boundary = "cloudflare-cpp-";
  for (int i = 0; i < 32; ++i) boundary.push_back("0123456789abcdef"[random() % 16]);
  return boundary;
}

// Two parts, `value` and `metadata`. The value is a file part: as a text field some servers would decode its bytes.
void set_multipart(Request& request, Body value, std::string_view metadata) {
  const std::string boundary = random_boundary();
  request.http.headers.push_back({"Content-Type", "multipart/form-data; boundary=" + boundary});
  std::string before = "--" + boundary +
                       "\r\nContent-Disposition: form-data; name=\"value\"; filename=\"value\"\r\n"
                       "Content-Type: application/octet-stream\r\n\r\n";
  std::string after = "\r\n--" + boundary +
                      "\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n";
  after.append(metadata).append("\r\n--").append(boundary).append("--\r\n");
  request.http.body = std::move(value).framed(std::move(before), std::move(after));
}

std::optional<Error> check_put(std::string_view key, const Body& value, const kv::PutOptions& options,
                               const RequestContext& context) {
  const auto size = value.size();
  if (detail::checks_limits(context) && size && *size > limits::kv_value_bytes)
    return invalid_argument("the value has " + std::to_string(*size) + " bytes; at most 25 MiB (26214400) are allowed");
  return check_entry(
      {.key = key, .ttl = options.ttl, .expiration = options.expiration, .metadata = options.metadata.text()}, context);
}

Result<kv::KeyPage> read_key_page(Reply&& reply) {
  auto page = detail::read_json(
      reply.http.body, reply.result_begin, reply.result_size, "the list of keys", [](json::document& document) {
        kv::KeyPage keys;
        for (auto item : document.get_array()) {
          kv::Key& key = keys.keys.emplace_back();
          for (auto field : item.get_object()) {
            const std::string_view name = field.unescaped_key();
            json::value value = field.value();
            if (name == "name") {
              key.name = detail::string(value);
            } else if (name == "expiration") {
              if (!value.is_null())
                key.expiration = std::chrono::sys_seconds(std::chrono::seconds(detail::integer(value)));
            } else if (name == "metadata") {
              if (!value.is_null()) key.metadata = detail::json_text(value);
            }
          }
        }
        return keys;
      });
  if (!page) return page;
  auto info = detail::read_result_info(reply);
  if (!info) return info.error();
  page->info = info->info;
  page->cursor = std::move(info->cursor);
  return page;
}

/// The file is created when the operation begins, and renamed when the value is complete.
class KvGetToFile final : public detail::FlowOf<std::optional<kv::StreamedValue>> {
 public:
  KvGetToFile(const RequestContext& context, std::string_view id, std::string_view key, const std::string& path)
      : file_(std::make_shared<FileSink>(path)), read_(kv_get_to(context, id, key, file_)) {
    settle();
  }
  void begin(detail::Outbox& out) override {
    try {
      file_->open();
    } catch (const Error& error) {
      return this->finish(error);
    }
    read_.begin(out);
    settle();
  }
  void on_reply(unsigned tag, Result<Reply>&& reply, detail::Outbox& out) override {
    read_.on_reply(tag, std::move(reply), out);
    settle();
  }

 private:
  void settle() {
    if (!read_.finished()) return;
    auto value = read_.take();
    if (value && *value) file_->commit();
    this->finish(std::move(value));
  }

  std::shared_ptr<FileSink> file_;
  Call<std::optional<kv::StreamedValue>> read_;
};

}  // namespace

Call<std::optional<std::string>> kv_get(const RequestContext& context, std::string_view id, std::string_view key) {
  if (context.edgebase) return edgebase_kv_get(context, id, key);
  return {value_request(context, id, key),
          [](Reply&& reply) -> Result<std::optional<std::string>> { return std::optional(std::move(reply.http.body)); },
          absent_if_missing<std::string>};
}

Call<std::optional<kv::StreamedValue>> kv_get_to(const RequestContext& context, std::string_view id,
                                                 std::string_view key, std::shared_ptr<Sink> sink) {
  auto request = value_request(context, id, key);
  if (!sink) request = invalid_argument("the sink is null");
  auto counted = std::make_shared<std::uint64_t>(0);
  if (request) {
    class Counting final : public Sink {
     public:
      Counting(std::shared_ptr<Sink> inner, std::shared_ptr<std::uint64_t> count)
          : inner_(std::move(inner)), count_(std::move(count)) {}
      void write(std::string_view bytes) override {
        inner_->write(bytes);
        *count_ += bytes.size();
      }
      bool restart() override {
        *count_ = 0;
        return inner_->restart();
      }

     private:
      std::shared_ptr<Sink> inner_;
      std::shared_ptr<std::uint64_t> count_;
    };
    request->http.sink = std::make_shared<Counting>(std::move(sink), counted);
  }
  return {std::move(request),
          [counted](Reply&& reply) -> Result<std::optional<kv::StreamedValue>> {
            return std::optional(kv::StreamedValue{.size = *counted, .expiration = expiration_of(reply)});
          },
          absent_if_missing<kv::StreamedValue>};
}

FlowPtr<std::optional<kv::StreamedValue>> kv_get_to_file(const RequestContext& context, std::string_view id,
                                                         std::string_view key, const std::string& path) {
  return std::make_unique<KvGetToFile>(context, id, key, path);
}

Call<std::optional<JsonText>> kv_metadata(const RequestContext& context, std::string_view id, std::string_view key) {
  return {key_request(kv_endpoint("kv.metadata"), context, id, key),
          [](Reply&& reply) -> Result<std::optional<JsonText>> { return std::optional(metadata_of(reply)); },
          absent_if_missing<JsonText>};
}

kv::Value value_of(Reply&& reply) {
  kv::Value value{.expiration = expiration_of(reply)};
  value.value = std::move(reply.http.body);
  return value;
}

JsonText metadata_of(const Reply& reply) {
  const bool none = reply.result().empty() || reply.result() == "null";
  return none ? JsonText() : JsonText::raw(std::string(reply.result()));
}

Result<Request> put_request(const RequestContext& context, std::string_view id, const kv::EntryView& entry,
                            Body value) {
  auto request = key_request(kv_endpoint("kv.put"), context, id, entry.key);
  if (!request) return request;
  if (entry.ttl)
    detail::add_query(*request, "expiration_ttl", std::to_string(entry.ttl->count()));
  else if (entry.expiration)
    detail::add_query(*request, "expiration", std::to_string(entry.expiration->time_since_epoch().count()));
  if (entry.metadata.empty()) {
    request->http.headers.push_back({"Content-Type", "application/octet-stream"});
    request->http.body = std::move(value);
  } else {
    set_multipart(*request, std::move(value), entry.metadata);
  }
  return request;
}

std::optional<Request> entry_request(const RequestContext& context, std::string_view id, std::string_view json) {
  struct Read {
    std::string key{}, value{}, metadata{};
    std::optional<std::chrono::seconds> ttl{};
    std::optional<std::chrono::sys_seconds> expiration{};
    bool base64 = false;
  };
  std::string text(json);
  auto entry = detail::read_json(text, 0, text.size(), "the pair", [](detail::json::document& document) {
    Read read;
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      detail::json::value value = field.value();
      if (name == "key") read.key = detail::string(value);
      if (name == "value") read.value = detail::string(value);
      if (name == "base64") read.base64 = value.get_bool();
      if (name == "metadata") read.metadata = detail::raw_text(value);
      if (name == "expiration_ttl") read.ttl = std::chrono::seconds(detail::integer(value));
      if (name == "expiration")
        read.expiration = std::chrono::sys_seconds(std::chrono::seconds(detail::integer(value)));
    }
    return read;
  });
  if (!entry) return std::nullopt;
  std::optional<std::string> value = entry->base64 ? detail::base64_decoded(entry->value) : std::move(entry->value);
  if (!value) return std::nullopt;
  const kv::EntryView view{
      .key = entry->key, .ttl = entry->ttl, .expiration = entry->expiration, .metadata = entry->metadata};
  auto request = put_request(context, id, view, Body(std::move(*value)));
  return request ? std::optional(std::move(*request)) : std::nullopt;
}

Call<void> kv_put(const RequestContext& context, std::string_view id, std::string_view key, Body value,
                  const kv::PutOptions& options) {
  if (context.edgebase) return edgebase_kv_put(context, id, key, value, options);
  Result<Request> request = key_request(kv_endpoint("kv.put"), context, id, key);
  if (request) {
    auto error = check_put(key, value, options, context);
    const kv::EntryView entry{
        .key = key, .ttl = options.ttl, .expiration = options.expiration, .metadata = options.metadata.text()};
    request = error ? Result<Request>(std::move(*error)) : put_request(context, id, entry, std::move(value));
  }
  return {std::move(request), no_result};
}

Call<void> kv_erase(const RequestContext& context, std::string_view id, std::string_view key) {
  if (context.edgebase) return edgebase_kv_erase(context, id, key);
  return {key_request(kv_endpoint("kv.erase"), context, id, key), no_result, done_if_missing};
}

Call<kv::KeyPage> kv_list(const RequestContext& context, std::string_view id, const kv::ListOptions& options) {
  if (context.edgebase) return edgebase_kv_list(context, id, options);
  auto request = namespace_request(kv_endpoint("kv.list"), context, id);
  if (request)
    if (auto error = check_list(options, context)) request = std::move(*error);
  if (request && options.limit) {
    const bool allowed = *options.limit >= limits::kv_list_min && *options.limit <= limits::kv_list_max;
    if (*options.limit < 0 || (!allowed && detail::checks_limits(context)))
      request = invalid_argument("the limit is " + std::to_string(*options.limit) + "; 10 to 1000 are allowed");
  }
  if (request) {
    if (options.limit) detail::add_query(*request, "limit", std::to_string(*options.limit));
    if (!options.prefix.empty()) detail::add_query(*request, "prefix", options.prefix);
    if (!options.cursor.empty()) detail::add_query(*request, "cursor", options.cursor);
  }
  return {std::move(request), read_key_page};
}

std::shared_ptr<detail::PageWalk<kv::KeyPage>> kv_list_walk(const RequestContext& context, std::string_view id,
                                                            const kv::ListOptions& options) {
  auto walk = std::make_shared<detail::PageWalk<kv::KeyPage>>();
  walk->cursor = options.cursor;
  walk->fetch = [context, id = std::string(id), options](const std::string& cursor) {
    kv::ListOptions page = options;
    page.cursor = cursor;
    return kv_list(context, id, page);
  };
  return walk;
}

namespace {

class KvGetWithMetadata final : public detail::FlowOf<std::optional<kv::Value>> {
 public:
  KvGetWithMetadata(const RequestContext& context, std::string_view id, std::string_view key);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;

 private:
  Call<std::optional<kv::Value>> value_;
  Call<std::optional<JsonText>> metadata_;
};

KvGetWithMetadata::KvGetWithMetadata(const RequestContext& context, std::string_view id, std::string_view key)
    : value_(
          value_request(context, id, key),
          [](Reply&& reply) -> Result<std::optional<kv::Value>> { return std::optional(value_of(std::move(reply))); },
          absent_if_missing<kv::Value>),
      metadata_(kv_metadata(context, id, key).tagged(1)) {
  if (value_.finished()) this->finish(value_.take());  // refused before sending
}

void KvGetWithMetadata::begin(detail::Outbox& out) {
  value_.begin(out);
  metadata_.begin(out);
}

void KvGetWithMetadata::on_reply(unsigned tag, Result<Reply>&& reply, detail::Outbox& out) {
  if (tag == value_.tag())
    value_.on_reply(tag, std::move(reply), out);
  else
    metadata_.on_reply(tag, std::move(reply), out);
  if (!value_.finished() || !metadata_.finished()) return;
  auto value = value_.take();
  auto metadata = metadata_.take();
  if (!value) return this->finish(value.error());
  if (!metadata) return this->finish(metadata.error());
  if (*value && *metadata) (*value)->metadata = std::move(**metadata);
  this->finish(std::move(value));
}

}  // namespace

FlowPtr<std::optional<kv::Value>> kv_get_with_metadata(const RequestContext& context, std::string_view id,
                                                       std::string_view key) {
  return std::make_unique<KvGetWithMetadata>(context, id, key);
}

}  // namespace cloudflare::ops
