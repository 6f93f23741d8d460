#pragma once

// The dialect of EdgeBase for the operations of VectorStore: requests in, replies out. The operations themselves choose
// it.

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
/// How the requests of a `_many` operation look: vectors, ids to erase, ids to read.
[[nodiscard]] Result<detail::BulkFormat> edgebase_vectors_format(const RequestContext& context,
                                                                 const VectorizeTarget& index, Upload upload,
                                                                 const vectorize::UploadManyOptions& options);
[[nodiscard]] Result<detail::BulkFormat> edgebase_erase_format(const RequestContext& context,
                                                               const VectorizeTarget& index);
[[nodiscard]] Result<detail::BulkFormat> edgebase_get_format(const RequestContext& context,
                                                             const VectorizeTarget& index);

}  // namespace cloudflare::ops
