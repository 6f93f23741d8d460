#pragma once

// Checks and pieces shared by the Vectorize operations.

#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/vectorize_ops.hpp>
#include <cloudflare/limits.hpp>

#include "json_in.hpp"
#include "ndjson.hpp"
#include "ops/paging.hpp"
#include "ops/request.hpp"

namespace cloudflare::ops {

/// Why the name of an index cannot be one.
[[nodiscard]] std::optional<Error> check_index_name(std::string_view name, bool limits);
[[nodiscard]] std::optional<Error> check_vector_id(std::string_view id, bool limits);
/// Why `metadata` (not empty) cannot be stored: not one JSON object; with `limits` its size and its keys.
[[nodiscard]] std::optional<Error> check_metadata(std::string_view metadata, bool limits);
/// Why a vector breaks a limit; `dimensions` 0 means any. Values and metadata are looked at while encoding.
[[nodiscard]] std::optional<Error> check_vector(const vectorize::VectorView& vector, int dimensions);
/// Why a query's filter cannot be one.
[[nodiscard]] std::optional<Error> check_filter(const vectorize::QueryOptions& options, bool limits);
/// "vector 3 (\"id\"): why"
[[nodiscard]] Error at_vector(const Error& error, std::uint64_t position, std::string_view id);

/// A request on an index.
[[nodiscard]] Result<detail::Request> index_request(const detail::Operation& operation, const Context& context,
                                                    const VectorizeTarget& index);
/// A request that uploads vectors: content type and query set, no body yet.
[[nodiscard]] Result<detail::Request> upload_request(const Context& context, const VectorizeTarget& index,
                                                     Upload upload,
                                                     std::optional<vectorize::UnparsableBehavior> unparsable);

/// `{"mutationId"}` and the Date header.
[[nodiscard]] Result<vectorize::Mutation> read_mutation(detail::Reply&& reply);
/// The replies to get_by_ids.
[[nodiscard]] Result<std::vector<vectorize::Vector>> read_vectors(detail::Reply& reply);
/// Appends the floats of a JSON array.
void read_floats(std::vector<float>& to, detail::json::value value);
/// An RFC 3339 time, absent if it is null or no time.
[[nodiscard]] std::optional<std::chrono::sys_seconds> read_time(detail::json::value value);

/// Encodes vectors one after the other, checking each, its dimensions against those of the first if none are known.
class VectorEncoder {
 public:
  VectorEncoder(const Context& context, int dimensions)
      : limits_(detail::checks_limits(context)), dimensions_(dimensions) {}
  [[nodiscard]] std::optional<Error> append(std::string& out, const vectorize::VectorView& vector);

 private:
  bool limits_;
  int dimensions_;
};

}  // namespace cloudflare::ops
