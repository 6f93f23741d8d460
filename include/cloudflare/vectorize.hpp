#pragma once

// Vectorize: VectorizeIndex stores and searches vectors, VectorizeIndexes manages the indexes of the account.

#include <initializer_list>
#include <span>

#include <cloudflare/client.hpp>
#include <cloudflare/vectorize/store.hpp>

namespace cloudflare {

class CheckedVectorizeIndex;
class CheckedVectorizeIndexes;
class AsyncVectorizeIndex;
class AsyncVectorizeIndexes;

/// What an index offers over v4 in addition to the operations of VectorStore, written once for all views. The errors
/// are the same, with codes 3000 and 3005 for an index that does not exist.
template <class View>
class VectorizeVerbs : public VectorStore<View> {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// Sends a ready ndjson body (memory, file or stream) as it is. Its lines (at most 5000) and bytes (at most 100 MB)
  /// are counted before sending, so a file is read twice, and a stream that cannot rewind is read into memory.
  /// POST …/insert. Repeated.
  Returns<vectorize::Mutation> insert_ndjson(
      Body ndjson, const vectorize::UploadOptions& options = vectorize::UploadOptions()) const {
    return View::run(context_,
                     ops::vectorize_upload_ndjson(context_, index_, ops::Upload::insert, std::move(ndjson), options));
  }
  /// The same with POST …/upsert.
  Returns<vectorize::Mutation> upsert_ndjson(
      Body ndjson, const vectorize::UploadOptions& options = vectorize::UploadOptions()) const {
    return View::run(context_,
                     ops::vectorize_upload_ndjson(context_, index_, ops::Upload::upsert, std::move(ndjson), options));
  }

  /// One page of ids. GET …/list, exactly one request. Repeated. @throws Error  rejected: the cursor expired (40052)
  [[nodiscard]] Returns<vectorize::VectorPage> list_page(
      const vectorize::ListOptions& options = vectorize::ListOptions()) const {
    return View::run(context_, ops::vectorize_list(context_, index_, options));
  }
  /// A walk over all pages of one snapshot.
  [[nodiscard]] Pages<View, vectorize::VectorPage> pages(
      const vectorize::ListOptions& options = vectorize::ListOptions()) const {
    return {context_, ops::vectorize_list_walk(context_, index_, options)};
  }

  /// Makes `property` filterable for vectors written afterwards; at most 10 per index; strings are indexed by their
  /// first 64 bytes. POST …/metadata_index/create. Sent once: after an unknown outcome look at list_metadata_indexes().
  Returns<vectorize::Mutation> create_metadata_index(std::string_view property, vectorize::MetadataType type) const {
    return View::run(context_, ops::vectorize_create_metadata_index(context_, index_, property, type));
  }
  /// GET …/metadata_index/list. Repeated.
  [[nodiscard]] Returns<std::vector<vectorize::MetadataIndex>> list_metadata_indexes() const {
    return View::run(context_, ops::vectorize_list_metadata_indexes(context_, index_));
  }
  /// POST …/metadata_index/delete. Repeated.
  Returns<vectorize::Mutation> erase_metadata_index(std::string_view property) const {
    return View::run(context_, ops::vectorize_erase_metadata_index(context_, index_, property));
  }

  /// Removes the vectors that meet all conditions of `where`; removal is asynchronous: wait_for(result.mutation).
  ///
  /// The API erases by ids alone, so this is composed, and costs requests: one list request for 1000 ids of the index;
  /// with a namespace, a filter or a condition, one read for 20 ids that have the prefix; one removal for 100 matches
  /// (for each 1000 ids with the prefix, rounded up). At the API's 1200 requests in 5 minutes, reading a million
  /// vectors takes three and a half hours. Memory holds the ids that have the prefix. The ids are those of one snapshot
  /// at the beginning; a vector is judged as it was read, with 1000 others, right before its removal, and what is
  /// written meanwhile is not protected. With `dry_run` nothing is removed. All requests are repeated.
  ///
  /// An id that cannot be read is not removed, and is listed in `failed`.
  /// @throws Error  invalid_argument: no condition at all, or a filter that breaks the rules; callback: a function of
  /// yours threw; anything else only if nothing was removed and nothing is in `failed`, see `stopped`
  Returns<vectorize::EraseWhereResult> erase_where(
      const vectorize::Where& where,
      const vectorize::EraseWhereOptions& options = vectorize::EraseWhereOptions()) const {
    return View::run(context_, ops::vectorize_erase_where(context_, index_, where, options));
  }

 protected:
  using VectorStore<View>::VectorStore;
  using VectorStore<View>::context_;
  using VectorStore<View>::index_;
};

extern template class CLOUDFLARE_API VectorizeVerbs<Throwing>;
extern template class CLOUDFLARE_API VectorizeVerbs<Checked>;

/// One Vectorize index: vectors by id, searched by nearness.
///
/// A handle: a copy costs a reference count and a short string. Any thread may use it. It keeps the client's core
/// alive. Ranges made from it belong to one thread at a time.
class CLOUDFLARE_API VectorizeIndex : public VectorizeVerbs<Throwing> {
 public:
  /// With `dimensions` the length of every vector is checked against it before sending; with 0, against the first
  /// vector of the call.
  VectorizeIndex(const ApiClient& client, std::string name, int dimensions = 0);

  /// All ids, page after page, for range-for: an error on a later page is thrown there.
  [[nodiscard]] vectorize::VectorRange list(const vectorize::ListOptions& options = vectorize::ListOptions()) const;
  [[nodiscard]] CheckedVectorizeIndex checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncVectorizeIndex async() const;
  /// The same index with other limits for its calls.
  [[nodiscard]] VectorizeIndex with(const CallOptions& options) const;

 private:
  using VectorizeVerbs::VectorizeVerbs;
};

/// The operations of VectorizeIndex with Result<T>.
class CheckedVectorizeIndex : public VectorizeVerbs<Checked> {
 private:
  friend VectorizeIndex;
  using VectorizeVerbs::VectorizeVerbs;
};

/// The operations on the account's indexes, written once for all views. Names: at most 64 bytes.
template <class View>
class VectorizeIndexesVerbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// All indexes; the API has no pages here. GET …/indexes. Repeated.
  [[nodiscard]] Returns<std::vector<vectorize::Index>> list() const {
    return View::run(context_, ops::vectorize_list_indexes(context_));
  }
  /// Creates an index, with dimensions and metric or a preset. POST …/indexes. Sent once: after an unknown outcome look
  /// for the name. @throws Error  conflict (3002: the name is taken)
  Returns<vectorize::Index> create(std::string_view name, const vectorize::CreateOptions& options) const {
    return View::run(context_, ops::vectorize_create(context_, name, options));
  }
  /// The index with this name, created if there is none; safe when several programs do it at once.
  ///
  /// GET …/indexes/{name}, repeated like any read; then POST …/indexes, sent once. If the name is taken meanwhile
  /// (3002), or the outcome is unknown, another GET decides. Which dimensions a preset stands for is not compared.
  /// @throws Error  conflict: it exists with other dimensions or another metric
  Returns<Ensured<vectorize::Index>> ensure(std::string_view name, const vectorize::CreateOptions& options) const {
    return View::run(context_, ops::vectorize_ensure(context_, name, options));
  }
  /// GET …/indexes/{name}. Repeated. @throws Error  not_found (3000; 3005: it was removed)
  [[nodiscard]] Returns<vectorize::Index> get(std::string_view name) const {
    return View::run(context_, ops::vectorize_get_index(context_, name));
  }
  /// The index with this name; nullopt if there is none (3000, 3005).
  [[nodiscard]] Returns<std::optional<vectorize::Index>> find(std::string_view name) const {
    return View::run(context_, ops::vectorize_find_index(context_, name));
  }
  /// Removes an index with all its vectors; the name may be used again. DELETE …/indexes/{name}. Repeated.
  /// @throws Error  not_found (3000)
  Returns<void> remove(std::string_view name) const {
    return View::run(context_, ops::vectorize_remove(context_, name));
  }

 protected:
  explicit VectorizeIndexesVerbs(typename View::Context context) : context_(std::move(context)) {}
  typename View::Context context_;
};

extern template class CLOUDFLARE_API VectorizeIndexesVerbs<Throwing>;
extern template class CLOUDFLARE_API VectorizeIndexesVerbs<Checked>;

/// The Vectorize indexes of the client's account. A handle, like VectorizeIndex.
class CLOUDFLARE_API VectorizeIndexes : public VectorizeIndexesVerbs<Throwing> {
 public:
  explicit VectorizeIndexes(const ApiClient& client);
  [[nodiscard]] CheckedVectorizeIndexes checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncVectorizeIndexes async() const;
  [[nodiscard]] VectorizeIndexes with(const CallOptions& options) const;

 private:
  using VectorizeIndexesVerbs::VectorizeIndexesVerbs;
};

/// The operations of VectorizeIndexes with Result<T>.
class CheckedVectorizeIndexes : public VectorizeIndexesVerbs<Checked> {
 private:
  friend VectorizeIndexes;
  using VectorizeIndexesVerbs::VectorizeIndexesVerbs;
};

}  // namespace cloudflare
