#pragma once

// Checks and pieces shared by the Vectorize operations.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/vectorize_ops.hpp>
#include <cloudflare/limits.hpp>

#include "base/json_in.hpp"
#include "bulk/bulk_flow.hpp"
#include "engine/paging.hpp"
#include "engine/request.hpp"
#include "vectorize/endpoints.hpp"
#include "vectorize/ndjson.hpp"

namespace cloudflare::ops {

/// Why the name of an index is not allowed.
[[nodiscard]] std::optional<Error> check_index_name(std::string_view name, bool limits);
[[nodiscard]] std::optional<Error> check_namespace(std::string_view ns, bool limits);
[[nodiscard]] std::optional<Error> check_vector_id(std::string_view id, bool limits);
/// Why `metadata` (not empty) cannot be stored. It must be one JSON object; with `limits`, its size and keys count too.
[[nodiscard]] std::optional<Error> check_metadata(std::string_view metadata, bool limits);
/// Why `text` is not one JSON object, or is nested too deep. Calls `on_key` with each key.
[[nodiscard]] std::optional<Error> check_object(std::string_view what, std::string& text,
                                                const std::function<void(std::string_view)>& on_key = nullptr);
/// Why a vector breaks a limit; `dimensions` 0 means any. Values and metadata are checked while encoding.
[[nodiscard]] std::optional<Error> check_vector(const vectorize::VectorView& vector, int dimensions);
/// Why a query's filter is not allowed.
[[nodiscard]] std::optional<Error> check_filter(const vectorize::QueryOptions& options, bool limits);
/// "vector 3 (\"id\"): why"
[[nodiscard]] Error at_vector(const Error& error, std::uint64_t position, std::string_view id);

/// A request on an index.
[[nodiscard]] Result<detail::Request> index_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                                    const VectorizeTarget& index);
/// A request that uploads vectors: content type and query set, no body yet.
[[nodiscard]] Result<detail::Request> upload_request(const RequestContext& context, const VectorizeTarget& index,
                                                     Upload upload,
                                                     std::optional<vectorize::UnparsableBehavior> unparsable);

/// `{"mutationId"}` and the Date header; an error if the reply has a `count` that is less than `sent`.
[[nodiscard]] Result<vectorize::Mutation> read_mutation(detail::Reply&& reply, std::size_t sent = 0);
[[nodiscard]] inline Result<vectorize::Mutation> read_mutation_reply(detail::Reply&& reply) {
  return read_mutation(std::move(reply));
}
/// Turns the refusal of a repeated insert into a success: the vectors exist because an earlier attempt inserted them.
[[nodiscard]] Result<vectorize::Mutation> inserted_if_repeated(Error&& error);
/// The replies to get_by_ids: an array, or EdgeBase's object around it.
[[nodiscard]] Result<std::vector<vectorize::Vector>> read_vectors(detail::Reply& reply);
[[nodiscard]] Result<vectorize::IndexInfo> read_info(detail::Reply&& reply);
[[nodiscard]] Result<vectorize::QueryResult> read_matches(detail::Reply&& reply);
/// nullopt for a name that this version does not know.
[[nodiscard]] std::optional<vectorize::Metric> read_metric(detail::json::value name);

/// Appends `"vector":[…]`, or says what is not allowed.
[[nodiscard]] std::optional<Error> append_query_vector(std::string& json, const RequestContext& context,
                                                       const VectorizeTarget& index, std::span<const float> vector);
/// The members of a query after its vector or id and the end of its object, or what is not allowed.
[[nodiscard]] Result<std::string> encode_query_options(const RequestContext& context,
                                                       const vectorize::QueryOptions& options);
/// Appends the members of a query and the end of its object, or says what is not allowed.
[[nodiscard]] std::optional<Error> append_query(std::string& json, const RequestContext& context,
                                                const VectorizeTarget& index, std::span<const float> vector,
                                                const vectorize::QueryOptions& options);
[[nodiscard]] std::optional<Error> append_query(std::string& json, const RequestContext& context, std::string_view id,
                                                const vectorize::QueryOptions& options);
/// Appends `"ids":[…]}`, at most `most` of them, or says what is not allowed.
[[nodiscard]] std::optional<Error> append_ids(std::string& json, const RequestContext& context,
                                              std::span<const std::string> ids, std::size_t most);

/// The format of requests with ids: `prefix`, the ids as items of a JSON array, `]}`.
[[nodiscard]] Result<detail::BulkFormat> ids_format(Result<detail::Request> request, std::string prefix,
                                                    std::size_t max_items);
/// The format of requests with one query each: `prefix`, the vector; the suffix is for the options.
[[nodiscard]] Result<detail::BulkFormat> query_format(Result<detail::Request> request, std::string prefix);
/// Appends the floats of a JSON array.
CLOUDFLARE_API void read_floats(std::vector<float>& to, detail::json::value value);
/// A time in RFC 3339, or in seconds or milliseconds since the epoch; nullopt if it is neither.
[[nodiscard]] std::optional<std::chrono::sys_seconds> read_time(detail::json::value value);

/// Encodes and checks vectors one by one. If the dimensions are not known, all must have those of the first vector.
class VectorEncoder {
 public:
  /// `ns` is the namespace of vectors that name none.
  VectorEncoder(const RequestContext& context, int dimensions, std::string ns = std::string())
      : limits_(detail::checks_limits(context)), dimensions_(dimensions), ns_(std::move(ns)) {}
  [[nodiscard]] std::optional<Error> append(std::string& out, const vectorize::VectorView& vector);

 private:
  bool limits_;
  int dimensions_;
  std::string ns_;
};

}  // namespace cloudflare::ops
