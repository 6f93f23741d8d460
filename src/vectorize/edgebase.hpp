#pragma once

// The EdgeBase form of VectorStore's requests and replies. Each operation chooses between this and v4.

#include "vectorize/common.hpp"

namespace cloudflare::ops {

[[nodiscard]] Call<vectorize::IndexInfo> edgebase_vectorize_info(const RequestContext& context,
                                                                 const VectorizeTarget& index);
[[nodiscard]] Call<vectorize::Mutation> edgebase_vectorize_upload(const RequestContext& context,
                                                                  const VectorizeTarget& index, Upload upload,
                                                                  std::unique_ptr<VectorReader> vectors,
                                                                  const vectorize::UploadOptions& options);
[[nodiscard]] Call<vectorize::QueryResult> edgebase_vectorize_query(const RequestContext& context,
                                                                    const VectorizeTarget& index,
                                                                    std::span<const float> vector,
                                                                    const vectorize::QueryOptions& options);
[[nodiscard]] Call<vectorize::QueryResult> edgebase_vectorize_query_by_id(const RequestContext& context,
                                                                          const VectorizeTarget& index,
                                                                          std::string_view id,
                                                                          const vectorize::QueryOptions& options);
[[nodiscard]] Call<std::vector<vectorize::Vector>> edgebase_vectorize_get_by_ids(const RequestContext& context,
                                                                                 const VectorizeTarget& index,
                                                                                 std::span<const std::string> ids);
[[nodiscard]] Call<vectorize::Mutation> edgebase_vectorize_erase_by_ids(const RequestContext& context,
                                                                        const VectorizeTarget& index,
                                                                        std::span<const std::string> ids);
/// The formats of requests of `_many` operations: queries (without their options), vectors, ids to erase, ids to read.
[[nodiscard]] Result<detail::BulkFormat> edgebase_query_format(const RequestContext& context,
                                                               const VectorizeTarget& index);
[[nodiscard]] Result<detail::BulkFormat> edgebase_vectors_format(const RequestContext& context,
                                                                 const VectorizeTarget& index, Upload upload,
                                                                 const vectorize::UploadManyOptions& options);
[[nodiscard]] Result<detail::BulkFormat> edgebase_erase_format(const RequestContext& context,
                                                               const VectorizeTarget& index);
[[nodiscard]] Result<detail::BulkFormat> edgebase_get_format(const RequestContext& context,
                                                             const VectorizeTarget& index);

}  // namespace cloudflare::ops
