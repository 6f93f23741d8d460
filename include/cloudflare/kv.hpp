#pragma once

// Workers KV: KvNamespace reads and writes keys, KvNamespaces manages the namespaces of the account.

#include <initializer_list>
#include <span>

#include <cloudflare/client.hpp>
#include <cloudflare/kv/store.hpp>

namespace cloudflare {

class CheckedKvNamespace;
class CheckedKvNamespaces;
class AsyncKvNamespace;
class AsyncKvNamespaces;

/// What a namespace offers over v4 in addition to the operations of KvStore, written once for all views. The errors and
/// the rules for keys are the same.
template <class View>
class KvVerbs : public KvStore<View> {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// The value with its expiration and metadata, in two concurrent reads (GET …/values/{key} and …/metadata/{key}):
  /// a write in between may show in one of them only. nullopt if there is no such key.
  [[nodiscard]] Returns<std::optional<kv::Value>> get_with_metadata(std::string_view key) const {
    return View::run(context_, ops::kv_get_with_metadata(context_, id_, key));
  }

  /// The same for a value that is text, in one request, so that value, metadata and expiration belong together.
  ///
  /// POST …/bulk/get with one key. Repeated like any read. The server gives text here: if the value may not be UTF-8,
  /// or is too large for such a reply, it is read again as by get_with_metadata(), byte for byte (3 requests in all).
  /// One loss cannot be detected: a byte order mark at the beginning, see get_many().
  [[nodiscard]] Returns<std::optional<kv::Value>> get_text(std::string_view key) const {
    return View::run(context_, ops::kv_get_text(context_, id_, key));
  }

  /// Writes the value into `buffer` and gives its size; nullopt, and nothing written, if there is no such key. The
  /// buffer must live until the operation has completed; after an error its bytes are unspecified.
  ///
  /// GET …/values/{key}. Repeated on transport failures, 429 and 5xx. @throws Error  too_large if the value does not
  /// fit: it names both sizes, and nothing was written behind the buffer
  [[nodiscard]] Returns<std::optional<std::size_t>> get_into(std::string_view key, std::span<char> buffer) const {
    return View::run(context_, ops::kv_get_into(context_, id_, key, buffer));
  }

  /// Streams the value into `sink` without holding it; nullopt, and nothing written, if there is no such key.
  ///
  /// GET …/values/{key}. Repeated if the sink can restart.
  [[nodiscard]] Returns<std::optional<kv::StreamedValue>> get_to(std::string_view key,
                                                                 std::shared_ptr<Sink> sink) const {
    return View::run(context_, ops::kv_get_to(context_, id_, key, std::move(sink)));
  }
  /// The same into a file (UTF-8 path), which appears only when it is complete.
  [[nodiscard]] Returns<std::optional<kv::StreamedValue>> get_to_file(std::string_view key,
                                                                      const std::string& path) const {
    return View::run(context_, ops::kv_get_to_file(context_, id_, key, path));
  }

  /// The metadata of `key`: empty text if it has none, nullopt if there is no such key.
  ///
  /// GET …/metadata/{key}. Repeated like any read.
  [[nodiscard]] Returns<std::optional<JsonText>> metadata(std::string_view key) const {
    return View::run(context_, ops::kv_metadata(context_, id_, key));
  }

  /// Writes up to 10 000 pairs and 100 MB in one request. PUT …/bulk. Repeated. A partial failure is a value: see
  /// BulkReply::unsuccessful_keys.
  [[nodiscard]] Returns<kv::BulkReply> put_bulk(std::span<const kv::Entry> entries) const {
    return View::run(context_, ops::kv_put_bulk(context_, id_, entries));
  }
  /// Removes up to 10 000 keys in one request. POST …/bulk/delete. Repeated.
  [[nodiscard]] Returns<kv::BulkReply> erase_bulk(std::span<const std::string> keys) const {
    return View::run(context_, ops::kv_erase_bulk(context_, id_, keys));
  }
  /// The deprecated form of erase_bulk. DELETE …/bulk. Repeated.
  [[deprecated("Cloudflare deprecated DELETE …/bulk; use erase_bulk")]] [[nodiscard]] Returns<kv::BulkReply>
  erase_bulk_legacy(std::span<const std::string> keys) const {
    return View::run(context_, ops::kv_erase_bulk_legacy(context_, id_, keys));
  }
  /// Up to 100 values in one request, in the order of `keys`; nullopt for a missing key. POST …/bulk/get. Repeated.
  ///
  /// The server gives text here: bytes that are not UTF-8 come back as U+FFFD. get_many() reads such values singly.
  [[nodiscard]] Returns<std::vector<std::optional<kv::Value>>> get_bulk(
      std::span<const std::string> keys, const kv::BulkGetOptions& options = kv::BulkGetOptions()) const {
    return View::run(context_, ops::kv_get_bulk(context_, id_, keys, options));
  }

  /// Writes any number of pairs, in requests of up to 10 000 pairs and 100 MB, several under way at once; a pair too
  /// large for such a request is sent as by put(). The range is read lazily, once. Keys that the server could not store
  /// are sent again, then reported. After 413, 524 or a cut connection a request is halved; after a refusal too, until
  /// the refused pair is found. 429 pauses the whole job. If a key comes twice, the last pair wins: see BulkResult.
  /// Elements: kv::Entry or pairs of strings. @throws Error  only if nothing was written
  template <kv::EntryRange R>
  Returns<kv::BulkResult> put_many(R&& entries, const kv::BulkOptions& options = kv::BulkOptions()) const {
    return View::run(context_, ops::kv_put_many(context_, id_,
                                                ops::make_entry_reader(View::keep(std::forward<R>(entries))), options));
  }
  Returns<kv::BulkResult> put_many(std::initializer_list<kv::Entry> entries,
                                   const kv::BulkOptions& options = kv::BulkOptions()) const {
    return put_many(std::vector<kv::Entry>(entries), options);
  }
  /// Removes any number of keys, in requests of up to 10 000; otherwise like put_many().
  template <kv::KeyNameRange R>
  Returns<kv::BulkResult> erase_many(R&& keys, const kv::BulkOptions& options = kv::BulkOptions()) const {
    return View::run(
        context_,
        ops::kv_erase_many(context_, id_, detail::make_text_reader(View::keep(std::forward<R>(keys))), options));
  }
  /// Reads any number of keys, in requests of up to 100. Values that are not UTF-8 text are read again singly, so that
  /// their bytes come back exactly. One loss cannot be detected: the server's bulk read drops a byte order mark (EF BB
  /// BF) at the beginning of a value, as Cloudflare's engine in miniflare does; get() returns it.
  template <kv::KeyNameRange R>
  [[nodiscard]] Returns<kv::GetManyResult> get_many(R&& keys,
                                                    const kv::GetManyOptions& options = kv::GetManyOptions()) const {
    return View::run(context_, ops::kv_get_many(context_, id_,
                                                detail::make_text_reader(View::keep(std::forward<R>(keys))), options));
  }

  /// The id of the namespace.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

 protected:
  using KvStore<View>::KvStore;
  using KvStore<View>::context_;
  using KvStore<View>::id_;
};

extern template class CLOUDFLARE_API KvVerbs<Throwing>;
extern template class CLOUDFLARE_API KvVerbs<Checked>;

/// One Workers KV namespace: bytes by key, with an optional expiration and metadata.
///
/// A handle: a copy costs a reference count and a short string. Any thread may use it. It keeps the client's core
/// alive. Ranges made from it belong to one thread at a time.
class CLOUDFLARE_API KvNamespace : public KvVerbs<Throwing> {
 public:
  KvNamespace(const ApiClient& client, std::string id);

  /// All keys, page after page, for range-for: an error on a later page is thrown there.
  [[nodiscard]] kv::KeyRange list(const kv::ListOptions& options = kv::ListOptions()) const;
  [[nodiscard]] CheckedKvNamespace checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncKvNamespace async() const;
  /// The same namespace with other limits for its calls.
  [[nodiscard]] KvNamespace with(const CallOptions& options) const;

 private:
  using KvVerbs::KvVerbs;
};

/// The operations of KvNamespace with Result<T>.
class CheckedKvNamespace : public KvVerbs<Checked> {
 private:
  friend KvNamespace;
  using KvVerbs::KvVerbs;
};

/// The operations on the account's namespaces, written once for all views.
template <class View>
class KvNamespacesVerbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// Creates a namespace; its title has at most 512 characters and is unique in the account.
  ///
  /// POST …/namespaces. Sent once: after an unknown outcome look for the title.
  /// @throws Error  conflict (10014: the title is taken)
  Returns<kv::Namespace> create(std::string_view title, const kv::CreateOptions& options = kv::CreateOptions()) const {
    return View::run(context_, ops::kv_create(context_, title, options));
  }
  /// The namespace with this title, created if there is none; safe when several programs do it at once.
  ///
  /// A walk over GET …/namespaces, repeated like any read; then POST …/namespaces, sent once. If the title is taken
  /// meanwhile (10014), or the outcome is unknown, the walk decides.
  /// @throws Error  conflict: it exists in another jurisdiction than the options ask for
  Returns<Ensured<kv::Namespace>> ensure(std::string_view title,
                                         const kv::CreateOptions& options = kv::CreateOptions()) const {
    return View::run(context_, ops::kv_ensure(context_, title, options));
  }
  /// GET …/namespaces/{id}. Repeated. @throws Error  not_found (10013)
  [[nodiscard]] Returns<kv::Namespace> get(std::string_view id) const {
    return View::run(context_, ops::kv_get_namespace(context_, id));
  }
  /// PUT …/namespaces/{id}. Repeated. @throws Error  not_found (10013), conflict (10014)
  Returns<kv::Namespace> rename(std::string_view id, std::string_view title) const {
    return View::run(context_, ops::kv_rename(context_, id, title));
  }
  /// Removes a namespace with all its keys. DELETE …/namespaces/{id}. Repeated. @throws Error  not_found (10013)
  Returns<void> remove(std::string_view id) const { return View::run(context_, ops::kv_remove(context_, id)); }
  /// One page. GET …/namespaces, exactly one request. Repeated.
  [[nodiscard]] Returns<kv::NamespacePage> list_page(
      const kv::NamespaceListOptions& options = kv::NamespaceListOptions()) const {
    return View::run(context_, ops::kv_list_namespaces(context_, options));
  }
  [[nodiscard]] Pages<View, kv::NamespacePage> pages(
      const kv::NamespaceListOptions& options = kv::NamespaceListOptions()) const {
    return {context_, ops::kv_namespace_walk(context_, options)};
  }
  /// The namespace with exactly this title, looked for on every page; nullopt if there is none.
  [[nodiscard]] Returns<std::optional<kv::Namespace>> find(std::string_view title) const {
    return View::run(context_, ops::kv_find_namespace(context_, title));
  }

 protected:
  explicit KvNamespacesVerbs(typename View::Context context) : context_(std::move(context)) {}
  typename View::Context context_;
};

extern template class CLOUDFLARE_API KvNamespacesVerbs<Throwing>;
extern template class CLOUDFLARE_API KvNamespacesVerbs<Checked>;

/// The Workers KV namespaces of the client's account. A handle, like KvNamespace.
class CLOUDFLARE_API KvNamespaces : public KvNamespacesVerbs<Throwing> {
 public:
  explicit KvNamespaces(const ApiClient& client);

  /// All namespaces, page after page, for range-for.
  [[nodiscard]] kv::NamespaceRange list(const kv::NamespaceListOptions& options = kv::NamespaceListOptions()) const;
  [[nodiscard]] CheckedKvNamespaces checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncKvNamespaces async() const;
  [[nodiscard]] KvNamespaces with(const CallOptions& options) const;

 private:
  using KvNamespacesVerbs::KvNamespacesVerbs;
};

/// The operations of KvNamespaces with Result<T>.
class CheckedKvNamespaces : public KvNamespacesVerbs<Checked> {
 private:
  friend KvNamespaces;
  using KvNamespacesVerbs::KvNamespacesVerbs;
};

}  // namespace cloudflare
