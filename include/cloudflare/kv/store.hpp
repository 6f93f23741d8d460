#pragma once

// What a key-value store offers over either API: a Workers KV namespace over v4 (KvNamespace) or behind EdgeBase's
// service key (edgebase::KvNamespace). Code for both takes `const KvStore<Throwing>&`.

#include <cloudflare/detail/kv_ops.hpp>
#include <cloudflare/kv/types.hpp>

namespace cloudflare {

/// The operations on keys that both APIs have, written once for all views.
///
/// All of them may fail with the Error kinds unauthorized, not_found (no such namespace), rate_limited, timeout,
/// cancelled, transport, server, decode, in addition to those that they name themselves; caller mistakes are
/// invalid_argument before any request. Keys: 1 to 512 bytes of UTF-8, not "." or ".." (Cloudflare docs, "Write
/// key-value pairs"). Each operation names its request over v4; EdgeBase's is POST /api/kv/{name} with the action of
/// the same meaning.
///
/// EdgeBase stores text and a ttl: a value that is not UTF-8 or not in memory, an expiration and metadata are refused
/// before sending, and keys are listed by their names alone.
template <class View>
class KvStore {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// The value of `key`, byte for byte (at most 25 MiB); nullopt if there is no such key (404 with code 10009).
  ///
  /// GET …/values/{key}. Repeated on transport failures, 429 and 5xx. Reads may be stale for up to a minute.
  [[nodiscard]] Returns<std::optional<std::string>> get(std::string_view key) const {
    return View::run(context_, ops::kv_get(context_, id_, key));
  }

  /// The value parsed as JSON and converted to T, see JsonText::as(). @throws Error  decode if the value is not JSON or
  /// does not fit T; callback if a from_json of yours throws, and the throwing view rethrows that exception
  template <class T, class Json = nlohmann::json>
  [[nodiscard]] Returns<std::optional<T>> get_as(std::string_view key) const {
    return View::run(context_, detail::Mapped(ops::kv_get(context_, id_, key), ops::value_as<T, Json>));
  }

  /// Stores `value` (at most 25 MiB) with its expiration and metadata, replacing all three.
  ///
  /// PUT …/values/{key}: a raw body, or with metadata a multipart form of exactly two parts. Repeated: the same put
  /// twice is the same as once. At most one write per second to the same key (Cloudflare docs, "Workers KV limits").
  Returns<void> put(std::string_view key, Body value, const kv::PutOptions& options = kv::PutOptions()) const {
    return View::run(context_, ops::kv_put(context_, id_, key, std::move(value), options));
  }

  /// Stores `value` as JSON text. @throws Error  invalid_argument if it holds text that is not UTF-8, or is nested too
  /// deep
  template <class T>
  Returns<void> put_json(std::string_view key, const T& value, const kv::PutOptions& options = kv::PutOptions()) const {
    auto text = detail::try_dump(value);
    if (!text) return View::run(context_, detail::Call<void>(text.error()));
    return put(key, Body(*std::move(text)), options);
  }

  /// Removes `key`; removing a missing key succeeds. DELETE …/values/{key}. Repeated.
  Returns<void> erase(std::string_view key) const { return View::run(context_, ops::kv_erase(context_, id_, key)); }

  /// One page of keys. GET …/keys, exactly one request. Repeated like any read.
  [[nodiscard]] Returns<kv::KeyPage> list_page(const kv::ListOptions& options = kv::ListOptions()) const {
    return View::run(context_, ops::kv_list(context_, id_, options));
  }
  /// A walk over all pages: each next() returns one.
  [[nodiscard]] Pages<View, kv::KeyPage> pages(const kv::ListOptions& options = kv::ListOptions()) const {
    return {context_, ops::kv_list_walk(context_, id_, options)};
  }

 protected:
  KvStore(typename View::Context context, std::string id) : context_(std::move(context)), id_(std::move(id)) {}
  ~KvStore() = default;
  KvStore(const KvStore&) = default;
  KvStore(KvStore&&) noexcept = default;
  KvStore& operator=(const KvStore&) = default;
  KvStore& operator=(KvStore&&) noexcept = default;

  typename View::Context context_;
  std::string id_;
};

extern template class CLOUDFLARE_API KvStore<Throwing>;
extern template class CLOUDFLARE_API KvStore<Checked>;

}  // namespace cloudflare
