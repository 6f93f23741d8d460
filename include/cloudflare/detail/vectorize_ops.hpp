#pragma once

// The operations of Vectorize, defined in src/vectorize/: each is written once and run by every view.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/range_reader.hpp>
#include <cloudflare/vectorize/types.hpp>

namespace cloudflare::ops {

using detail::Call;
using detail::FlowPtr;
using detail::RequestContext;

/// An index as a handle knows it.
struct VectorizeTarget {
  std::string name{};
  int dimensions = 0;  ///< 0: unknown.
};

using VectorReader = detail::ViewReader<vectorize::VectorView>;
/// Vectors to search with.
using QueryReader = detail::ViewReader<std::span<const float>>;

CLOUDFLARE_API Call<std::vector<vectorize::Index>> vectorize_list_indexes(const RequestContext& context);
CLOUDFLARE_API Call<vectorize::Index> vectorize_create(const RequestContext& context, std::string_view name,
                                                       const vectorize::CreateOptions& options);
CLOUDFLARE_API Call<vectorize::Index> vectorize_get_index(const RequestContext& context, std::string_view name);
CLOUDFLARE_API Call<std::optional<vectorize::Index>> vectorize_find_index(const RequestContext& context,
                                                                          std::string_view name);
/// Finds it, or creates it.
CLOUDFLARE_API FlowPtr<Ensured<vectorize::Index>> vectorize_ensure(const RequestContext& context, std::string_view name,
                                                                   const vectorize::CreateOptions& options);
CLOUDFLARE_API Call<void> vectorize_remove(const RequestContext& context, std::string_view name);

enum class Upload : std::uint8_t { insert, upsert };

CLOUDFLARE_API Call<vectorize::IndexInfo> vectorize_info(const RequestContext& context, const VectorizeTarget& index);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_upload(const RequestContext& context, const VectorizeTarget& index,
                                                          Upload upload, std::unique_ptr<VectorReader> vectors,
                                                          const vectorize::UploadOptions& options);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_upload_ndjson(const RequestContext& context,
                                                                 const VectorizeTarget& index, Upload upload,
                                                                 Body ndjson, const vectorize::UploadOptions& options);
CLOUDFLARE_API Call<vectorize::QueryResult> vectorize_query(const RequestContext& context, const VectorizeTarget& index,
                                                            std::span<const float> vector,
                                                            const vectorize::QueryOptions& options);
CLOUDFLARE_API Call<vectorize::QueryResult> vectorize_query_by_id(const RequestContext& context,
                                                                  const VectorizeTarget& index, std::string_view id,
                                                                  const vectorize::QueryOptions& options);
CLOUDFLARE_API Call<std::vector<vectorize::Vector>> vectorize_get_by_ids(const RequestContext& context,
                                                                         const VectorizeTarget& index,
                                                                         std::span<const std::string> ids);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_erase_by_ids(const RequestContext& context,
                                                                const VectorizeTarget& index,
                                                                std::span<const std::string> ids);
CLOUDFLARE_API Call<vectorize::VectorPage> vectorize_list(const RequestContext& context, const VectorizeTarget& index,
                                                          const vectorize::ListOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<vectorize::VectorPage>> vectorize_list_walk(
    const RequestContext& context, const VectorizeTarget& index, const vectorize::ListOptions& options);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_create_metadata_index(const RequestContext& context,
                                                                         const VectorizeTarget& index,
                                                                         std::string_view property,
                                                                         vectorize::MetadataType type);
CLOUDFLARE_API Call<std::vector<vectorize::MetadataIndex>> vectorize_list_metadata_indexes(
    const RequestContext& context, const VectorizeTarget& index);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_erase_metadata_index(const RequestContext& context,
                                                                        const VectorizeTarget& index,
                                                                        std::string_view property);

template <class R>
auto make_vector_reader(R&& range) {
  return detail::make_view_reader<vectorize::VectorView>(std::forward<R>(range),
                                                         [](const auto& vector) { return vectorize::as_view(vector); });
}

template <class R>
auto make_query_reader(R&& range) {
  return detail::make_view_reader<std::span<const float>>(
      std::forward<R>(range), [](const auto& vector) -> std::span<const float> { return vector; });
}

/// Any number of vectors, or ids, over the bulk flow; the result says what to wait for.
CLOUDFLARE_API FlowPtr<vectorize::ManyResult> vectorize_upload_many(const RequestContext& context,
                                                                    const VectorizeTarget& index, Upload upload,
                                                                    std::unique_ptr<VectorReader> vectors,
                                                                    const vectorize::UploadManyOptions& options);
CLOUDFLARE_API FlowPtr<vectorize::ManyResult> vectorize_erase_many(const RequestContext& context,
                                                                   const VectorizeTarget& index,
                                                                   std::unique_ptr<detail::TextReader> ids,
                                                                   const vectorize::EraseManyOptions& options);
CLOUDFLARE_API FlowPtr<vectorize::GetManyResult> vectorize_get_many(const RequestContext& context,
                                                                    const VectorizeTarget& index,
                                                                    std::unique_ptr<detail::TextReader> ids,
                                                                    const vectorize::GetManyOptions& options);
/// Any number of queries over the bulk flow, one in each request.
CLOUDFLARE_API FlowPtr<vectorize::QueryManyResult> vectorize_query_many(const RequestContext& context,
                                                                        const VectorizeTarget& index,
                                                                        std::unique_ptr<QueryReader> vectors,
                                                                        const vectorize::QueryOptions& options,
                                                                        const vectorize::QueryManyOptions& many);
/// Asks `info` in growing steps until a mutation is processed.
CLOUDFLARE_API FlowPtr<vectorize::IndexInfo> vectorize_wait(const RequestContext& context, const VectorizeTarget& index,
                                                            const vectorize::Mutation& mutation,
                                                            std::chrono::milliseconds timeout);
/// An upload of any number of vectors, and the wait for it.
CLOUDFLARE_API FlowPtr<vectorize::WaitResult> vectorize_upload_and_wait(const RequestContext& context,
                                                                        const VectorizeTarget& index, Upload upload,
                                                                        std::unique_ptr<VectorReader> vectors,
                                                                        const vectorize::UploadManyOptions& options,
                                                                        std::chrono::milliseconds timeout);
CLOUDFLARE_API FlowPtr<vectorize::EraseWhereResult> vectorize_erase_where(const RequestContext& context,
                                                                          const VectorizeTarget& index,
                                                                          const vectorize::Where& where,
                                                                          const vectorize::EraseWhereOptions& options);

}  // namespace cloudflare::ops
