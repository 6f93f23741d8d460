#pragma once

// The operations of EdgeBase, defined in src/ops/edgebase_*.cpp: each is written once and run by every view. What they
// share with those of v4 (checks, encoders, decoders, packing) is that of v4.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/d1_ops.hpp>
#include <cloudflare/detail/kv_ops.hpp>
#include <cloudflare/detail/vectorize_ops.hpp>

namespace cloudflare::edgebase {
struct UploadOptions;
struct UploadManyOptions;
}  // namespace cloudflare::edgebase

namespace cloudflare::ops {

CLOUDFLARE_API Call<std::optional<std::string>> edgebase_kv_get(const Context& context, std::string_view name,
                                                                std::string_view key);
CLOUDFLARE_API Call<void> edgebase_kv_put(const Context& context, std::string_view name, std::string_view key,
                                          std::string_view value, const kv::PutOptions& options);
CLOUDFLARE_API Call<void> edgebase_kv_erase(const Context& context, std::string_view name, std::string_view key);
CLOUDFLARE_API Call<kv::KeyPage> edgebase_kv_list(const Context& context, std::string_view name,
                                                  const kv::ListOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<kv::KeyPage>> edgebase_kv_list_walk(const Context& context,
                                                                                    std::string_view name,
                                                                                    const kv::ListOptions& options);

/// One statement; the reply is read by the caller's type.
CLOUDFLARE_API Call<detail::Reply> edgebase_d1_query(const Context& context, std::string_view name,
                                                     std::string_view sql, const d1::Params& params);
CLOUDFLARE_API Call<d1::Results> edgebase_d1_execute(const Context& context, std::string_view name,
                                                     std::string_view sql, const d1::Params& params);
/// The JSON array of the rows.
CLOUDFLARE_API Call<JsonText> edgebase_d1_query_json(const Context& context, std::string_view name,
                                                     std::string_view sql, const d1::Params& params);

CLOUDFLARE_API Call<vectorize::IndexInfo> edgebase_vectorize_info(const Context& context, const VectorizeTarget& index);
CLOUDFLARE_API Call<vectorize::Mutation> edgebase_vectorize_upload(const Context& context, const VectorizeTarget& index,
                                                                   Upload upload, std::unique_ptr<VectorReader> vectors,
                                                                   const edgebase::UploadOptions& options);
CLOUDFLARE_API Call<vectorize::QueryResult> edgebase_vectorize_query(const Context& context,
                                                                     const VectorizeTarget& index,
                                                                     std::span<const float> vector,
                                                                     const vectorize::QueryOptions& options);
CLOUDFLARE_API Call<vectorize::QueryResult> edgebase_vectorize_query_by_id(const Context& context,
                                                                           const VectorizeTarget& index,
                                                                           std::string_view id,
                                                                           const vectorize::QueryOptions& options);
CLOUDFLARE_API Call<std::vector<vectorize::Vector>> edgebase_vectorize_get_by_ids(const Context& context,
                                                                                  const VectorizeTarget& index,
                                                                                  std::span<const std::string> ids);
CLOUDFLARE_API Call<vectorize::Mutation> edgebase_vectorize_erase_by_ids(const Context& context,
                                                                         const VectorizeTarget& index,
                                                                         std::span<const std::string> ids);
CLOUDFLARE_API FlowPtr<vectorize::ManyResult> edgebase_vectorize_upload_many(
    const Context& context, const VectorizeTarget& index, Upload upload, std::unique_ptr<VectorReader> vectors,
    const edgebase::UploadManyOptions& options);
CLOUDFLARE_API FlowPtr<vectorize::ManyResult> edgebase_vectorize_erase_many(const Context& context,
                                                                            const VectorizeTarget& index,
                                                                            std::unique_ptr<detail::TextReader> ids,
                                                                            const vectorize::EraseManyOptions& options);
CLOUDFLARE_API FlowPtr<vectorize::GetManyResult> edgebase_vectorize_get_many(const Context& context,
                                                                             const VectorizeTarget& index,
                                                                             std::unique_ptr<detail::TextReader> ids,
                                                                             const vectorize::GetManyOptions& options);

}  // namespace cloudflare::ops
