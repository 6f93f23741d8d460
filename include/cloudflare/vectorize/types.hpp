#pragma once

// Values and options of Vectorize.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloudflare/bulk.hpp>
#include <cloudflare/json.hpp>
#include <cloudflare/pages.hpp>
#include <cloudflare/vectorize/filter.hpp>

namespace cloudflare::vectorize {

/// What a score means (Cloudflare docs, "Create indexes"): cosine -1 to 1, 1 is best; euclidean 0 is best, larger is
/// farther; dot product negated, smaller is more similar.
enum class Metric : std::uint8_t { cosine, euclidean, dot_product };

/// Names of embedding models whose dimensions and metric Cloudflare knows (API reference, "Create Vectorize Index").
namespace presets {
/// 384 dimensions.
inline constexpr std::string_view bge_small_en_v1_5 = "@cf/baai/bge-small-en-v1.5";
/// 768 dimensions.
inline constexpr std::string_view bge_base_en_v1_5 = "@cf/baai/bge-base-en-v1.5";
/// 1024 dimensions.
inline constexpr std::string_view bge_large_en_v1_5 = "@cf/baai/bge-large-en-v1.5";
/// 1536 dimensions.
inline constexpr std::string_view openai_text_embedding_ada_002 = "openai/text-embedding-ada-002";
/// 768 dimensions.
inline constexpr std::string_view cohere_embed_multilingual_v2 = "cohere/embed-multilingual-v2.0";
}  // namespace presets

/// Dimensions and metric, or a preset; they cannot be changed later.
struct CreateOptions {
  int dimensions = 0;  ///< 1 to 1536.
  Metric metric = Metric::cosine;
  std::string preset{};  ///< See `presets`; takes the place of dimensions and metric.
  std::string description{};
};

/// An index of the account.
struct Index {
  std::string name{};
  std::string description{};
  std::optional<std::chrono::sys_seconds> created_on{};
  std::optional<std::chrono::sys_seconds> modified_on{};
  int dimensions = 0;              ///< 0 if the reply does not say.
  std::optional<Metric> metric{};  ///< Absent if the reply does not say, or names one this version does not know.
};

/// How far an index has processed its mutations. Both `processed_up_to…` are absent before the first mutation.
struct IndexInfo {
  int dimensions = 0;
  std::optional<Metric> metric{};  ///< Only EdgeBase says it; over v4 see Index.
  std::int64_t vector_count = 0;
  std::optional<std::string> processed_up_to_mutation{};
  std::optional<std::chrono::sys_seconds> processed_up_to_datetime{};  ///< Fractions of a second are cut off.
};

/// A change that was accepted; it shows in reads and queries once it is processed: see wait_for().
struct Mutation {
  std::optional<std::string> id{};  ///< Absent if the reply names none.
  /// The server's own time of the reply (its Date header).
  std::optional<std::chrono::sys_seconds> accepted_at{};
};

/// A stored vector: an id, its values and what is stored beside them.
struct Vector {
  std::string id{};             ///< 1 to 64 bytes.
  std::vector<float> values{};  ///< As many as the index has dimensions; finite.
  std::string ns{};             ///< The namespace, at most 64 bytes; empty: none.
  Metadata metadata{};          ///< A JSON object of at most 10 KiB; empty: none.
};

/// A vector that owns no memory; writes encode from it.
struct VectorView {
  std::string_view id{};
  std::span<const float> values{};
  std::string_view ns{};
  std::string_view metadata{};  ///< JSON text, or empty.
};

/// What the server does with a line that it cannot read. If absent, the server's own default decides.
enum class UnparsableBehavior : std::uint8_t { error, discard };

/// How the vectors of one request are stored.
struct UploadOptions {
  std::string ns{};  ///< The namespace of vectors that name none.
  /// EdgeBase has no such choice: over it the call is refused.
  std::optional<UnparsableBehavior> unparsable{};
};

/// How vectors are packed into requests, and whom the call tells.
struct UploadManyOptions {
  std::string ns{};  ///< The namespace of vectors that name none.
  /// Requests under way at once; absent: the setting of the client (4).
  std::optional<int> in_flight{};
  /// Vectors in one request, at most 5000.
  std::size_t batch_vectors = limits::vectorize_upload_vectors;
  /// Largest request body.
  std::uint64_t max_request_bytes = limits::vectorize_upload_bytes;
  std::optional<UnparsableBehavior> unparsable{};
  /// Vectors in the input, for BulkProgress::items_total; only needed where the range does not know its size.
  std::optional<std::uint64_t> expected_items{};
  /// Called after each request on the thread that drives the call. If it throws, the call ends with that exception.
  std::function<void(const BulkProgress&)> on_progress{};
  /// See BulkOptions::on_outcome.
  std::function<void(const ItemOutcome&)> on_outcome{};
};

/// How many removals are under way at once, and whom the call tells.
struct EraseManyOptions {
  std::optional<int> in_flight{};
  std::function<void(const BulkProgress&)> on_progress{};
  /// See BulkOptions::on_outcome.
  std::function<void(const ItemOutcome&)> on_outcome{};
};

/// How many reads are under way at once, and who gets the vectors.
struct GetManyOptions {
  std::optional<int> in_flight{};
  std::function<void(const BulkProgress&)> on_progress{};
  /// Called with each result instead of collecting them: position, id, and the vector or nullopt if there is no such
  /// id.
  std::function<void(std::uint64_t index, std::string_view id, std::optional<Vector>&& vector)> on_vector{};
  /// See BulkOptions::on_outcome.
  std::function<void(const ItemOutcome&)> on_outcome{};
};

/// Vectors in the order of the ids; a missing id is nullopt, and so is one listed in `outcome.failed`.
struct GetManyResult {
  std::vector<std::optional<Vector>> vectors{};
  BulkResult outcome{};
};

/// One outcome per item, and what wait_for() needs to wait for all accepted items.
struct [[nodiscard]] ManyResult : BulkResult {
  Mutation mutation{};
};

/// The outcome of each vector, and how the wait for the accepted ones ended.
struct [[nodiscard]] WaitResult {
  ManyResult outcome{};
  std::optional<IndexInfo> info{};       ///< The index when all of them were processed; absent if none was accepted.
  std::optional<Error> not_processed{};  ///< Why it is not known that they were: timeout, cancelled, ….

  [[nodiscard]] bool complete() const noexcept { return outcome.complete() && !not_processed; }
};

/// Which vectors erase_where() removes: those that meet every condition given, at least one.
struct Where {
  std::string prefix{};  ///< Ids that begin with this.
  std::string ns{};      ///< Vectors of this namespace.
  /// Vectors whose metadata passes this, judged here by the rules of a query's filter, but over all metadata, indexed
  /// or not, and whole strings: an index keeps 64 bytes of each. The API's own filters find at most 100 vectors.
  Filter filter{};
  /// Vectors for which this is true.
  std::function<bool(const Vector&)> condition{};
};

/// Counts so far, and what was not removed.
struct [[nodiscard]] EraseWhereResult {
  std::uint64_t listed = 0;   ///< Ids of the index.
  std::uint64_t matched = 0;  ///< Vectors that meet the conditions.
  std::uint64_t erased = 0;   ///< How many of these the server accepted for removal.
  std::uint64_t requests = 0;
  /// Ids that were not read or not removed; `index` is the position among the listed ids that have the prefix.
  std::vector<ItemFailure> failed{};
  std::optional<Error> stopped{};  ///< Why the job ended early.
  Mutation mutation{};             ///< Stands for all removals, if `erased` is not 0.

  [[nodiscard]] bool complete() const noexcept { return failed.empty() && !stopped; }
};

/// How erase_where() walks over an index, and whom it tells.
struct EraseWhereOptions {
  bool dry_run = false;  ///< Lists, reads and counts, and removes nothing.
  /// Requests under way at once; absent: the setting of the client (4).
  std::optional<int> in_flight{};
  /// Called with each id that meets the conditions, before it is removed.
  std::function<void(const std::string& id)> on_match{};
  /// Called after each 1000 ids with the prefix.
  std::function<void(const EraseWhereResult&)> on_progress{};
};

/// Which metadata a query gives back.
enum class ReturnMetadata : std::uint8_t {
  none,
  indexed,  ///< Only indexed properties; strings may be cut to their first 64 bytes.
  all,
};

/// Types of values that a metadata index knows.
enum class MetadataType : std::uint8_t { string, number, boolean };

/// A property that filters may name. At most 10 per index; only vectors written afterwards are indexed.
struct MetadataIndex {
  std::string property{};
  /// Absent if the server names one this version does not know: filters on it are then not checked for their type.
  std::optional<MetadataType> type = MetadataType::string;
};

/// Which vectors a query considers, and what it gives back of them.
struct QueryOptions {
  /// 1 to 100, or to 50 with values or all metadata; absent: 5, the server's default.
  std::optional<int> top_k{};
  std::string ns{};  ///< Only vectors of this namespace.
  Filter filter{};
  bool return_values = false;  ///< Also makes the server score exactly.
  ReturnMetadata return_metadata = ReturnMetadata::none;
  /// Given (from list_metadata_indexes()), the filter must use only these properties, with values of their types.
  std::optional<std::vector<MetadataIndex>> metadata_indexes{};
};

/// One vector that a query found.
struct Match {
  std::string id{};
  double score = 0;  ///< See Metric.
  std::vector<float> values{};
  JsonText metadata{};  ///< Empty unless asked for.
  std::string ns{};
};

/// Best matches first.
struct QueryResult {
  std::vector<Match> matches{};
  std::int64_t count = 0;  ///< As the server says.

  [[nodiscard]] auto begin() const noexcept { return matches.begin(); }
  [[nodiscard]] auto end() const noexcept { return matches.end(); }
  [[nodiscard]] bool empty() const noexcept { return matches.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return matches.size(); }
};

/// How many queries are under way at once, and who gets their results.
struct QueryManyOptions {
  /// Requests under way at once; absent: the setting of the client (4).
  std::optional<int> in_flight{};
  std::function<void(const BulkProgress&)> on_progress{};
  /// Called with each result instead of collecting them, in no particular order; `index` is the position of the vector.
  std::function<void(std::uint64_t index, QueryResult&& result)> on_result{};
  /// See BulkOptions::on_outcome; the items have no names.
  std::function<void(const ItemOutcome&)> on_outcome{};
};

/// Results in the order of the vectors; nullopt for one listed in `outcome.failed`.
struct QueryManyResult {
  std::vector<std::optional<QueryResult>> results{};
  BulkResult outcome{};
};

/// How many ids a page has, and where a list begins.
struct ListOptions {
  std::optional<int>
      count{};           ///< Ids per page, 1 to 1000; default 1000 when walking (the server's own default is 100).
  std::string cursor{};  ///< To resume a list where an earlier one stopped; cursors expire.
};

/// A vector as listed: its id alone.
struct ListedVector {
  std::string id{};
};

/// A page of a snapshot that the first page took; later changes do not show.
struct VectorPage {
  std::vector<ListedVector> vectors{};
  std::string cursor{};  ///< Empty on the last page.
  ResultInfo info{};     ///< count and total_count.
  std::optional<bool> is_truncated{};
  std::optional<std::chrono::sys_seconds> cursor_expires{};
  [[nodiscard]] const std::vector<ListedVector>& items() const noexcept { return vectors; }
};
inline const std::string& page_item_name(const ListedVector& item) noexcept { return item.id; }
/// All ids, page after page.
using VectorRange = PageRange<VectorPage>;

/// What an element of an upload may look like: a Vector, a VectorView, or a pair of id and floats.
inline VectorView view_of(const Vector& v) {
  return {v.id, {v.values.data(), v.values.size()}, v.ns, v.metadata.text()};
}
inline VectorView view_of(const VectorView& v) { return v; }
template <class I, class V>
requires std::convertible_to<const I&, std::string_view> && std::convertible_to<const V&, std::span<const float>>
    VectorView view_of(const std::pair<I, V>& pair) {
  return {.id = pair.first, .values = pair.second};
}

/// The view of any such element, found as above or by argument-dependent lookup of `view_of`.
template <class E>
auto as_view(const E& element) -> decltype(view_of(element)) {
  return view_of(element);
}

/// A range of Vector, VectorView, or pairs of id and floats.
template <class R>
concept VectorInput = std::ranges::input_range<R> &&
    requires(const std::remove_cvref_t<std::ranges::range_reference_t<R>>& e) {
  { as_view(e) } -> std::same_as<VectorView>;
};
/// Any range of vectors to search with: std::vector<float>, std::span<const float>, std::array, ….
template <class R>
concept QueryInput =
    std::ranges::input_range<R> && std::convertible_to < const std::remove_cvref_t<std::ranges::range_reference_t<R>>
&, std::span < const float >> ;
/// A range of anything that converts to std::string_view.
template <class R>
concept IdInput =
    std::ranges::input_range<R> && std::convertible_to<std::ranges::range_reference_t<R>, std::string_view>;

}  // namespace cloudflare::vectorize
