#pragma once

// What a vector index offers over either API: Vectorize over v4 (VectorizeIndex) or behind EdgeBase's service key
// (edgebase::VectorizeIndex). Code for both takes `const VectorStore<Throwing>&`.

#include <initializer_list>
#include <span>

#include <cloudflare/detail/vectorize_ops.hpp>
#include <cloudflare/vectorize/types.hpp>

namespace cloudflare {

/// The operations on vectors that both APIs have, written once for all views.
///
/// All of them may fail with the Error kinds unauthorized, not_found (no such index), rate_limited, timeout, cancelled,
/// transport, server, decode, in addition to those that they name themselves; caller mistakes are invalid_argument
/// before any request. Ids and namespaces: at most 64 bytes of UTF-8 (Cloudflare docs, "Vectorize limits").
///
/// Changes are asynchronous: the server accepts them, names a mutation, and processes it within seconds to minutes.
///
/// EdgeBase (POST /api/vectorize/{name}) takes 20 vectors or ids in one request, and the `_many` operations send no
/// more; its default top_k is 10. If it runs without Vectorize, calls fail with Error kind stub. With a binding of the
/// old kind query_by_id() fails (501).
template <class View>
class VectorStore {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// Dimensions, number of vectors, and how far mutations are processed. GET …/info. Repeated like any read.
  [[nodiscard]] Returns<vectorize::IndexInfo> info() const {
    return View::run(context_, ops::vectorize_info(context_, index_));
  }

  /// Adds vectors in one request, at most 5000 and 100 MB; an id that is there already keeps its vector.
  ///
  /// POST …/insert as application/x-ndjson. Repeated. Elements: vectorize::Vector, VectorView or pairs of id and
  /// floats; each is checked (dimensions, finite values, id, namespace, metadata) and the first that fails is named.
  /// @throws Error  rejected: the server could not read a line (40023) or wants other dimensions (40012)
  template <vectorize::VectorInput R>
  Returns<vectorize::Mutation> insert(R&& vectors,
                                      const vectorize::UploadOptions& options = vectorize::UploadOptions()) const {
    return View::run(context_, ops::vectorize_upload(context_, index_, ops::Upload::insert,
                                                     ops::make_vector_reader(std::forward<R>(vectors)), options));
  }
  Returns<vectorize::Mutation> insert(std::initializer_list<vectorize::Vector> vectors,
                                      const vectorize::UploadOptions& options = vectorize::UploadOptions()) const {
    return insert(std::span(vectors.begin(), vectors.size()), options);
  }
  /// Adds vectors in one request; if the id exists, values, namespace and metadata are replaced as a whole.
  /// POST …/upsert, otherwise like insert().
  template <vectorize::VectorInput R>
  Returns<vectorize::Mutation> upsert(R&& vectors,
                                      const vectorize::UploadOptions& options = vectorize::UploadOptions()) const {
    return View::run(context_, ops::vectorize_upload(context_, index_, ops::Upload::upsert,
                                                     ops::make_vector_reader(std::forward<R>(vectors)), options));
  }
  Returns<vectorize::Mutation> upsert(std::initializer_list<vectorize::Vector> vectors,
                                      const vectorize::UploadOptions& options = vectorize::UploadOptions()) const {
    return upsert(std::span(vectors.begin(), vectors.size()), options);
  }

  /// Any number of vectors, in requests of up to 5000 vectors and 100 MB, several under way at once. The last one is
  /// sent when all others are answered, so that wait_for(result) waits for all of them. The range is read lazily, once.
  /// A vector that breaks a rule is reported, the others are sent; a batch that fails names its first and last id. If
  /// an id comes twice, the first vector is inserted, as the server would do it: see BulkResult.
  /// @throws Error  only if nothing was accepted
  template <vectorize::VectorInput R>
  Returns<vectorize::ManyResult> insert_many(
      R&& vectors, const vectorize::UploadManyOptions& options = vectorize::UploadManyOptions()) const {
    return View::run(
        context_, ops::vectorize_upload_many(context_, index_, ops::Upload::insert,
                                             ops::make_vector_reader(View::keep(std::forward<R>(vectors))), options));
  }
  /// The same with upserts: if an id comes twice, the last vector wins.
  template <vectorize::VectorInput R>
  Returns<vectorize::ManyResult> upsert_many(
      R&& vectors, const vectorize::UploadManyOptions& options = vectorize::UploadManyOptions()) const {
    return View::run(
        context_, ops::vectorize_upload_many(context_, index_, ops::Upload::upsert,
                                             ops::make_vector_reader(View::keep(std::forward<R>(vectors))), options));
  }

  /// The nearest neighbours of `vector`: namespace first, then filter, then the best top_k.
  ///
  /// POST …/query. Repeated like any read. @throws Error  rejected: dimensions (40006), top_k (40025)
  [[nodiscard]] Returns<vectorize::QueryResult> query(
      std::span<const float> vector, const vectorize::QueryOptions& options = vectorize::QueryOptions()) const {
    return View::run(context_, ops::vectorize_query(context_, index_, vector, options));
  }
  [[nodiscard]] Returns<vectorize::QueryResult> query(
      std::initializer_list<float> vector, const vectorize::QueryOptions& options = vectorize::QueryOptions()) const {
    return query(std::span(vector.begin(), vector.size()), options);
  }
  /// The nearest neighbours of the stored vector with this id.
  [[nodiscard]] Returns<vectorize::QueryResult> query_by_id(
      std::string_view id, const vectorize::QueryOptions& options = vectorize::QueryOptions()) const {
    return View::run(context_, ops::vectorize_query_by_id(context_, index_, id, options));
  }

  /// The nearest neighbours of any number of vectors, one query each, several under way at once; results in the order
  /// of the vectors. The range is read lazily, once.
  ///
  /// `options` apply to every query and are checked before the first. A vector that breaks a rule and a query that
  /// fails are reported with their positions, and the others are sent. Repeated like any read; when throttled, all
  /// pause.
  /// @throws Error  only if no query succeeded and the rest would fail too (no such index, credential refused, …), or
  /// if the options are refused
  template <vectorize::QueryInput R>
  [[nodiscard]] Returns<vectorize::QueryManyResult> query_many(
      R&& vectors, const vectorize::QueryOptions& options = vectorize::QueryOptions(),
      const vectorize::QueryManyOptions& many = vectorize::QueryManyOptions()) const {
    return View::run(
        context_, ops::vectorize_query_many(
                      context_, index_, ops::make_query_reader(View::keep(std::forward<R>(vectors))), options, many));
  }

  /// Up to 20 vectors in one request, in the server's order; unknown ids are absent. POST …/get_by_ids. Repeated.
  [[nodiscard]] Returns<std::vector<vectorize::Vector>> get_by_ids(std::span<const std::string> ids) const {
    return View::run(context_, ops::vectorize_get_by_ids(context_, index_, ids));
  }
  /// Any number of vectors, in requests of up to 20, in the order of the ids; nullopt for an unknown id.
  template <vectorize::IdInput R>
  [[nodiscard]] Returns<vectorize::GetManyResult> get_many(
      R&& ids, const vectorize::GetManyOptions& options = vectorize::GetManyOptions()) const {
    return View::run(
        context_,
        ops::vectorize_get_many(context_, index_, detail::make_text_reader(View::keep(std::forward<R>(ids))), options));
  }

  /// Removes up to 100 vectors in one request; unknown ids do no harm. POST …/delete_by_ids. Repeated.
  Returns<vectorize::Mutation> erase_by_ids(std::span<const std::string> ids) const {
    return View::run(context_, ops::vectorize_erase_by_ids(context_, index_, ids));
  }
  /// Removes any number of vectors, in requests of up to 100; otherwise like upsert_many().
  template <vectorize::IdInput R>
  Returns<vectorize::ManyResult> erase_many(
      R&& ids, const vectorize::EraseManyOptions& options = vectorize::EraseManyOptions()) const {
    return View::run(context_,
                     ops::vectorize_erase_many(context_, index_,
                                               detail::make_text_reader(View::keep(std::forward<R>(ids))), options));
  }

  /// Waits until a mutation is processed, asking info() in steps that grow from half a second to ten.
  ///
  /// Processed means: info() names this mutation, or a time of processing in a later second than the server's own time
  /// of the upload (its Date header). The time is needed because mutation ids are random and a later mutation may
  /// overtake ours. The local time of day is not used. The timeout limits the whole wait.
  ///
  /// EdgeBase has no request for this either: its describe gives the same two fields of the binding. With a binding of
  /// the old kind it gives neither, and the wait ends in a timeout. @throws Error  timeout, cancelled;
  /// invalid_argument: the mutation has neither an id nor a time
  Returns<vectorize::IndexInfo> wait_for(const vectorize::Mutation& mutation, std::chrono::milliseconds timeout) const {
    return View::run(context_, ops::vectorize_wait(context_, index_, mutation, timeout));
  }
  /// Waits for everything that the server accepted from a `_many` call; if that is nothing, only asks info().
  Returns<vectorize::IndexInfo> wait_for(const vectorize::ManyResult& result, std::chrono::milliseconds timeout) const {
    return result.succeeded == 0 ? info() : wait_for(result.mutation, timeout);
  }

  /// insert_many() or upsert_many(), and then wait_for() what was accepted: when it returns without `not_processed`,
  /// all that is counted as succeeded shows in reads and queries. The timeout limits the wait after the last upload. A
  /// wait that fails does not throw, because the outcomes of the vectors would be lost. @throws Error  as upsert_many()
  template <vectorize::VectorInput R>
  Returns<vectorize::WaitResult> insert_and_wait(
      R&& vectors, std::chrono::milliseconds timeout,
      const vectorize::UploadManyOptions& options = vectorize::UploadManyOptions()) const {
    return View::run(context_, ops::vectorize_upload_and_wait(
                                   context_, index_, ops::Upload::insert,
                                   ops::make_vector_reader(View::keep(std::forward<R>(vectors))), options, timeout));
  }
  template <vectorize::VectorInput R>
  Returns<vectorize::WaitResult> upsert_and_wait(
      R&& vectors, std::chrono::milliseconds timeout,
      const vectorize::UploadManyOptions& options = vectorize::UploadManyOptions()) const {
    return View::run(context_, ops::vectorize_upload_and_wait(
                                   context_, index_, ops::Upload::upsert,
                                   ops::make_vector_reader(View::keep(std::forward<R>(vectors))), options, timeout));
  }

  [[nodiscard]] const std::string& name() const noexcept { return index_.name; }
  /// What the handle was told; 0: unknown.
  [[nodiscard]] int dimensions() const noexcept { return index_.dimensions; }

 protected:
  VectorStore(typename View::Context context, ops::VectorizeTarget index)
      : context_(std::move(context)), index_(std::move(index)) {}
  ~VectorStore() = default;
  VectorStore(const VectorStore&) = default;
  VectorStore(VectorStore&&) noexcept = default;
  VectorStore& operator=(const VectorStore&) = default;
  VectorStore& operator=(VectorStore&&) noexcept = default;

  typename View::Context context_;
  ops::VectorizeTarget index_;
};

extern template class CLOUDFLARE_API VectorStore<Throwing>;
extern template class CLOUDFLARE_API VectorStore<Checked>;

}  // namespace cloudflare
