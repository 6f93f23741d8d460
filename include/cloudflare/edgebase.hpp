#pragma once

// EdgeBase: Workers KV, D1 and Vectorize behind a service key (EdgeBase docs, "Native Resources API"). The handles
// speak the vocabulary of KvNamespace, D1Database and VectorizeIndex, over the same transport, deadline, retries and
// errors. Not part of <cloudflare/cloudflare.hpp>.

#include <initializer_list>
#include <span>

#include <cloudflare/credentials.hpp>
#include <cloudflare/d1/results.hpp>
#include <cloudflare/detail/edgebase_ops.hpp>
#include <cloudflare/detail/view.hpp>

namespace cloudflare::edgebase {

class CheckedKvNamespace;
class AsyncKvNamespace;
class CheckedD1Database;
class AsyncD1Database;
class CheckedVectorizeIndex;
class AsyncVectorizeIndex;

struct UploadOptions {
  std::string ns{};  ///< The namespace of vectors that name none.
};

struct UploadManyOptions {
  std::string ns{};  ///< The namespace of vectors that name none.
  /// Requests under way at once; absent: the client's (4).
  std::optional<int> in_flight{};
  /// Vectors in the input, for BulkProgress::items_total; only needed where the range does not know its size.
  std::optional<std::uint64_t> expected_items{};
  /// Called after each request on the thread that drives the call. If it throws, the call ends with that exception.
  std::function<void(const BulkProgress&)> on_progress{};
};

/// The operations on one KV namespace, once for all views. POST /api/kv/{name}.
///
/// All of them leave Error kinds unauthorized (403: no key, 401: a wrong one or one for other resources), not_found
/// (404: no such namespace in EdgeBase's configuration), rate_limited, rejected, timeout, cancelled, transport, server,
/// decode; caller mistakes are invalid_argument before any request. Keys: 1 to 512 bytes of UTF-8, not "." or "..".
template <class View>
class KvVerbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// The value of `key`; nullopt if there is no such key. Action `get`. Repeated like any read.
  [[nodiscard]] Returns<std::optional<std::string>> get(std::string_view key) const {
    return View::run(context_, ops::edgebase_kv_get(context_, name_, key));
  }
  /// The value parsed as JSON and converted to T. @throws Error  decode if the value is no JSON or does not fit T
  template <class T, class Json = nlohmann::json>
  [[nodiscard]] Returns<std::optional<T>> get_as(std::string_view key) const {
    return View::run(context_, detail::Mapped(ops::edgebase_kv_get(context_, name_, key), ops::value_as<T, Json>));
  }

  /// Stores `value`: UTF-8 text of at most 25 MiB. Of the options EdgeBase has the ttl (at least 60 s); an expiration
  /// or metadata is refused before sending, for it would be lost. Action `set`. Repeated: the same put twice is the
  /// same as once. At most one write per second to the same key.
  Returns<void> put(std::string_view key, std::string_view value,
                    const kv::PutOptions& options = kv::PutOptions()) const {
    return View::run(context_, ops::edgebase_kv_put(context_, name_, key, value, options));
  }
  /// Stores `value` as JSON text.
  template <class T>
  Returns<void> put_json(std::string_view key, const T& value, const kv::PutOptions& options = kv::PutOptions()) const {
    return put(key, nlohmann::json(value).dump(), options);
  }

  /// Removes `key`; removing what is not there succeeds. Action `delete`. Repeated.
  Returns<void> erase(std::string_view key) const {
    return View::run(context_, ops::edgebase_kv_erase(context_, name_, key));
  }

  /// One page of keys, 1 to 1000 of them (default 1000); keys come with their name alone. Action `list`, exactly one
  /// request. Repeated like any read.
  [[nodiscard]] Returns<kv::KeyPage> list_page(const kv::ListOptions& options = kv::ListOptions()) const {
    return View::run(context_, ops::edgebase_kv_list(context_, name_, options));
  }
  /// A walk over all pages.
  [[nodiscard]] Pages<View, kv::KeyPage> pages(const kv::ListOptions& options = kv::ListOptions()) const {
    return {context_, ops::edgebase_kv_list_walk(context_, name_, options)};
  }

  /// The name of the namespace in EdgeBase's configuration.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 protected:
  KvVerbs(detail::Context context, std::string name) : context_(std::move(context)), name_(std::move(name)) {}
  typename View::Context context_;
  std::string name_;
};

extern template class CLOUDFLARE_API KvVerbs<Throwing>;
extern template class CLOUDFLARE_API KvVerbs<Checked>;

class Client;

/// One KV namespace. A handle: a copy costs a reference count and a short string. Any thread may use it. It keeps the
/// client's core alive. Ranges made from it belong to one thread at a time.
class CLOUDFLARE_API KvNamespace : public KvVerbs<Throwing> {
 public:
  KvNamespace(const Client& client, std::string name);

  /// All keys, page after page, for range-for: an error on a later page is thrown there.
  [[nodiscard]] kv::KeyRange list(const kv::ListOptions& options = kv::ListOptions()) const {
    return kv::KeyRange(pages(options));
  }
  [[nodiscard]] CheckedKvNamespace checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncKvNamespace async() const;
  /// The same namespace with other limits for its calls.
  [[nodiscard]] KvNamespace with(const CallOptions& options) const;

 private:
  using KvVerbs::KvVerbs;
};

class CheckedKvNamespace : public KvVerbs<Checked> {
 private:
  friend KvNamespace;
  using KvVerbs::KvVerbs;
};

/// The operations on one D1 database, once for all views. POST /api/d1/{name}.
///
/// All of them leave Error kinds unauthorized (403: no key, 401: a wrong one or one for other resources), not_found
/// (404: no such database in EdgeBase's configuration), rejected (400: SQL that SQLite refuses, with its text),
/// overloaded, rate_limited, timeout, cancelled, transport, server, decode; caller mistakes are invalid_argument before
/// any request. What is repeated, and the limits of parameters and SQL, are those of cloudflare::D1Database.
///
/// EdgeBase sends rows as objects. So of columns with the same name one is left, and columns whose names are whole
/// numbers come first: give such columns names with AS.
template <class View>
class D1Verbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// The rows of one statement as tuples, by position. Types as for cloudflare::D1Database::query().
  /// @throws Error  decode, with row and column, for a NULL, a type or a number of columns that does not fit
  template <class... Columns>
  [[nodiscard]] Returns<d1::Rows<std::tuple<Columns...>>> query(std::string_view sql,
                                                                const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::TypedReader<std::tuple<Columns...>>::read);
  }
  /// The rows of one statement as structs, by the names of the columns (see d1::Column); other columns are left out.
  /// @throws Error  decode, also for a missing column
  template <class T>
  [[nodiscard]] Returns<d1::Rows<T>> query_as(std::string_view sql, const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::TypedReader<T>::read);
  }
  /// The only row of a statement, or nothing: a tuple, or with `query_one_as` a struct. @throws Error  decode, also if
  /// there are several rows
  template <class... Columns>
  [[nodiscard]] Returns<std::optional<std::tuple<Columns...>>> query_one(
      std::string_view sql, const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_one<std::tuple<Columns...>>);
  }
  template <class T>
  [[nodiscard]] Returns<std::optional<T>> query_one_as(std::string_view sql,
                                                       const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_one<T>);
  }
  /// The one value of the only row, or nothing.
  template <class T>
  [[nodiscard]] Returns<std::optional<T>> query_value(std::string_view sql,
                                                      const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_value<T>);
  }
  /// The rows of one statement as a JSON array of objects, as the server sends them.
  template <class Json = nlohmann::json>
  [[nodiscard]] Returns<Json> query_json(std::string_view sql, const d1::Params& params = d1::Params()) const {
    auto parse = [](const JsonText& rows) { return detail::try_parse_as<Json, Json>("the rows", rows.text()); };
    return View::run(context_, detail::Mapped(ops::edgebase_d1_query_json(context_, name_, sql, params), parse));
  }

  /// Runs one statement, or several separated by `;` (then without params): the one result that comes back is that of
  /// the last.
  Returns<d1::Results> execute(std::string_view sql, const d1::Params& params = d1::Params()) const {
    return View::run(context_, ops::edgebase_d1_execute(context_, name_, sql, params));
  }

  /// The name of the database in EdgeBase's configuration.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 protected:
  D1Verbs(detail::Context context, std::string name) : context_(std::move(context)), name_(std::move(name)) {}

  template <class Read>
  auto run_query(std::string_view sql, const d1::Params& params, Read read) const {
    return View::run(context_, detail::Mapped(ops::edgebase_d1_query(context_, name_, sql, params), read));
  }

  typename View::Context context_;
  std::string name_;
};

extern template class CLOUDFLARE_API D1Verbs<Throwing>;
extern template class CLOUDFLARE_API D1Verbs<Checked>;

/// One D1 database. A handle, like KvNamespace. Rows do not need it any more.
class CLOUDFLARE_API D1Database : public D1Verbs<Throwing> {
 public:
  D1Database(const Client& client, std::string name);
  [[nodiscard]] CheckedD1Database checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncD1Database async() const;
  [[nodiscard]] D1Database with(const CallOptions& options) const;

 private:
  using D1Verbs::D1Verbs;
};

class CheckedD1Database : public D1Verbs<Checked> {
 private:
  friend D1Database;
  using D1Verbs::D1Verbs;
};

/// The operations on one Vectorize index, once for all views. POST /api/vectorize/{name}.
///
/// All of them leave Error kinds unauthorized (403: no key, 401: a wrong one or one for other resources), not_found
/// (404: no such index in EdgeBase's configuration), stub (the server runs without Vectorize), rejected, rate_limited,
/// timeout, cancelled, transport, server (501: a binding of the old kind cannot query_by_id), decode; caller mistakes
/// are invalid_argument before any request. Ids and namespaces: at most 64 bytes of UTF-8. Changes show within seconds.
template <class View>
class VectorizeVerbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// Dimensions, metric, number of vectors, and how far mutations are processed. Action `describe`. Repeated like any
  /// read.
  [[nodiscard]] Returns<vectorize::IndexInfo> info() const {
    return View::run(context_, ops::edgebase_vectorize_info(context_, index_));
  }

  /// Adds vectors in one request, at most 20, for EdgeBase would divide more; an id that is there already keeps its
  /// vector. Action `insert`. Repeated; a 409 on a repetition is our own success. Elements as for
  /// cloudflare::VectorizeIndex::insert(), each checked.
  /// @throws Error  conflict (409); decode if the server counts fewer vectors than were sent
  template <vectorize::VectorInput R>
  Returns<vectorize::Mutation> insert(R&& vectors, const UploadOptions& options = UploadOptions()) const {
    return View::run(context_,
                     ops::edgebase_vectorize_upload(context_, index_, ops::Upload::insert,
                                                    ops::make_vector_reader(std::forward<R>(vectors)), options));
  }
  Returns<vectorize::Mutation> insert(std::initializer_list<vectorize::Vector> vectors,
                                      const UploadOptions& options = UploadOptions()) const {
    return insert(std::span(vectors.begin(), vectors.size()), options);
  }
  /// The same, but a vector with an id that is there replaces values, namespace and metadata whole. Action `upsert`.
  template <vectorize::VectorInput R>
  Returns<vectorize::Mutation> upsert(R&& vectors, const UploadOptions& options = UploadOptions()) const {
    return View::run(context_,
                     ops::edgebase_vectorize_upload(context_, index_, ops::Upload::upsert,
                                                    ops::make_vector_reader(std::forward<R>(vectors)), options));
  }
  Returns<vectorize::Mutation> upsert(std::initializer_list<vectorize::Vector> vectors,
                                      const UploadOptions& options = UploadOptions()) const {
    return upsert(std::span(vectors.begin(), vectors.size()), options);
  }

  /// Any number of vectors, in requests of up to 20, several under way at once; otherwise like
  /// cloudflare::VectorizeIndex::upsert_many(). @throws Error  only if nothing was accepted
  template <vectorize::VectorInput R>
  Returns<vectorize::ManyResult> insert_many(R&& vectors,
                                             const UploadManyOptions& options = UploadManyOptions()) const {
    return View::run(context_, ops::edgebase_vectorize_upload_many(
                                   context_, index_, ops::Upload::insert,
                                   ops::make_vector_reader(View::keep(std::forward<R>(vectors))), options));
  }
  template <vectorize::VectorInput R>
  Returns<vectorize::ManyResult> upsert_many(R&& vectors,
                                             const UploadManyOptions& options = UploadManyOptions()) const {
    return View::run(context_, ops::edgebase_vectorize_upload_many(
                                   context_, index_, ops::Upload::upsert,
                                   ops::make_vector_reader(View::keep(std::forward<R>(vectors))), options));
  }

  /// The nearest neighbours of `vector`: namespace first, then filter, then the best top_k (default here: 10). Action
  /// `search`. Repeated like any read.
  [[nodiscard]] Returns<vectorize::QueryResult> query(
      std::span<const float> vector, const vectorize::QueryOptions& options = vectorize::QueryOptions()) const {
    return View::run(context_, ops::edgebase_vectorize_query(context_, index_, vector, options));
  }
  /// The nearest neighbours of the stored vector with this id. Action `queryById`.
  [[nodiscard]] Returns<vectorize::QueryResult> query_by_id(
      std::string_view id, const vectorize::QueryOptions& options = vectorize::QueryOptions()) const {
    return View::run(context_, ops::edgebase_vectorize_query_by_id(context_, index_, id, options));
  }

  /// Up to 20 vectors in one request, in the server's order; unknown ids are absent. Action `getByIds`. Repeated.
  [[nodiscard]] Returns<std::vector<vectorize::Vector>> get_by_ids(std::span<const std::string> ids) const {
    return View::run(context_, ops::edgebase_vectorize_get_by_ids(context_, index_, ids));
  }
  /// Any number of vectors, in requests of up to 20, in the order of the ids; nullopt for an unknown id.
  template <vectorize::IdInput R>
  [[nodiscard]] Returns<vectorize::GetManyResult> get_many(
      R&& ids, const vectorize::GetManyOptions& options = vectorize::GetManyOptions()) const {
    return View::run(context_,
                     ops::edgebase_vectorize_get_many(
                         context_, index_, detail::make_text_reader(View::keep(std::forward<R>(ids))), options));
  }

  /// Removes up to 20 vectors in one request; unknown ids do no harm. Action `delete`. Repeated.
  Returns<vectorize::Mutation> erase_by_ids(std::span<const std::string> ids) const {
    return View::run(context_, ops::edgebase_vectorize_erase_by_ids(context_, index_, ids));
  }
  /// Removes any number of vectors, in requests of up to 20.
  template <vectorize::IdInput R>
  Returns<vectorize::ManyResult> erase_many(
      R&& ids, const vectorize::EraseManyOptions& options = vectorize::EraseManyOptions()) const {
    return View::run(context_,
                     ops::edgebase_vectorize_erase_many(
                         context_, index_, detail::make_text_reader(View::keep(std::forward<R>(ids))), options));
  }

  /// The name of the index in EdgeBase's configuration.
  [[nodiscard]] const std::string& name() const noexcept { return index_.name; }

 protected:
  VectorizeVerbs(detail::Context context, ops::VectorizeTarget index)
      : context_(std::move(context)), index_(std::move(index)) {}
  typename View::Context context_;
  ops::VectorizeTarget index_;
};

extern template class CLOUDFLARE_API VectorizeVerbs<Throwing>;
extern template class CLOUDFLARE_API VectorizeVerbs<Checked>;

/// One Vectorize index. A handle, like KvNamespace.
class CLOUDFLARE_API VectorizeIndex : public VectorizeVerbs<Throwing> {
 public:
  /// With `dimensions` every vector's length is checked before sending; without (0), against the first of its call.
  VectorizeIndex(const Client& client, std::string name, int dimensions = 0);
  [[nodiscard]] CheckedVectorizeIndex checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncVectorizeIndex async() const;
  [[nodiscard]] VectorizeIndex with(const CallOptions& options) const;

 private:
  using VectorizeVerbs::VectorizeVerbs;
};

class CheckedVectorizeIndex : public VectorizeVerbs<Checked> {
 private:
  friend VectorizeIndex;
  using VectorizeVerbs::VectorizeVerbs;
};

/// A client of one EdgeBase server with one service key. A copy costs a reference count. Any thread may use any copy.
class CLOUDFLARE_API Client {
 public:
  /// `base_url` is the server's, without /api. Base URL and account id of the options are not used, and the rate
  /// budget, which is that of Cloudflare's API, is off.
  /// @throws Error  invalid_argument: a key with control characters, quotes or non-ASCII letters; a malformed base URL;
  ///                plain http to a host that is not loopback
  Client(std::string base_url, ServiceKey key, ClientOptions options = ClientOptions());

  /// From EDGEBASE_URL and EDGEBASE_SERVICE_KEY. @throws Error  invalid_argument that names the missing variable
  [[nodiscard]] static Client from_env(ClientOptions options = ClientOptions());

  /// A handle of the resource with this name in EdgeBase's configuration. No request is made.
  [[nodiscard]] KvNamespace kv(std::string name) const { return {*this, std::move(name)}; }
  [[nodiscard]] D1Database d1(std::string name) const { return {*this, std::move(name)}; }
  [[nodiscard]] VectorizeIndex vectorize(std::string name, int dimensions = 0) const {
    return {*this, std::move(name), dimensions};
  }

  /// The same client with other limits for the calls of handles made from it.
  [[nodiscard]] Client with(const CallOptions& options) const;
  /// Read by handles.
  [[nodiscard]] const detail::Context& context() const noexcept { return context_; }

 private:
  explicit Client(detail::Context context) : context_(std::move(context)) {}
  detail::Context context_;
};

}  // namespace cloudflare::edgebase
