#pragma once

// The operations of Vectorize, defined in src/ops/vectorize*.cpp: each is written once and run by every view.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/packing.hpp>
#include <cloudflare/vectorize_types.hpp>

namespace cloudflare::ops {

using detail::Call;
using detail::Context;

/// An index as a handle knows it.
struct VectorizeTarget {
  std::string name{};
  int dimensions = 0;  ///< 0: unknown.
};

using VectorReader = detail::ViewReader<vectorize::VectorView>;

CLOUDFLARE_API Call<std::vector<vectorize::Index>> vectorize_list_indexes(const Context& context);
CLOUDFLARE_API Call<vectorize::Index> vectorize_create(const Context& context, std::string_view name,
                                                       const vectorize::CreateOptions& options);
CLOUDFLARE_API Call<vectorize::Index> vectorize_get_index(const Context& context, std::string_view name);
CLOUDFLARE_API Call<std::optional<vectorize::Index>> vectorize_find_index(const Context& context,
                                                                          std::string_view name);
CLOUDFLARE_API Call<void> vectorize_remove(const Context& context, std::string_view name);

enum class Upload : std::uint8_t { insert, upsert };

CLOUDFLARE_API Call<vectorize::IndexInfo> vectorize_info(const Context& context, const VectorizeTarget& index);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_upload(const Context& context, const VectorizeTarget& index,
                                                          Upload upload, std::unique_ptr<VectorReader> vectors,
                                                          const vectorize::UploadOptions& options);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_upload_ndjson(const Context& context, const VectorizeTarget& index,
                                                                 Upload upload, Body ndjson,
                                                                 const vectorize::UploadOptions& options);
CLOUDFLARE_API Call<vectorize::QueryResult> vectorize_query(const Context& context, const VectorizeTarget& index,
                                                            std::span<const float> vector,
                                                            const vectorize::QueryOptions& options);
CLOUDFLARE_API Call<vectorize::QueryResult> vectorize_query_by_id(const Context& context, const VectorizeTarget& index,
                                                                  std::string_view id,
                                                                  const vectorize::QueryOptions& options);
CLOUDFLARE_API Call<std::vector<vectorize::Vector>> vectorize_get_by_ids(const Context& context,
                                                                         const VectorizeTarget& index,
                                                                         std::span<const std::string> ids);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_erase_by_ids(const Context& context, const VectorizeTarget& index,
                                                                std::span<const std::string> ids);
CLOUDFLARE_API Call<vectorize::VectorPage> vectorize_list(const Context& context, const VectorizeTarget& index,
                                                          const vectorize::ListOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<vectorize::VectorPage>> vectorize_list_walk(
    const Context& context, const VectorizeTarget& index, const vectorize::ListOptions& options);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_create_metadata_index(const Context& context,
                                                                         const VectorizeTarget& index,
                                                                         std::string_view property,
                                                                         vectorize::MetadataType type);
CLOUDFLARE_API Call<std::vector<vectorize::MetadataIndex>> vectorize_list_metadata_indexes(
    const Context& context, const VectorizeTarget& index);
CLOUDFLARE_API Call<vectorize::Mutation> vectorize_erase_metadata_index(const Context& context,
                                                                        const VectorizeTarget& index,
                                                                        std::string_view property);

/// Any number of vectors, or ids to erase, over the packing flow; remembers what to wait for.
class CLOUDFLARE_API VectorizeMany final : public detail::FlowOf<vectorize::ManyResult> {
 public:
  VectorizeMany(const Context& context, const VectorizeTarget& index, Upload upload,
                std::unique_ptr<VectorReader> vectors, const vectorize::UploadManyOptions& options);
  VectorizeMany(const Context& context, const VectorizeTarget& index, std::unique_ptr<detail::TextReader> erased,
                const vectorize::EraseManyOptions& options);
  /// The same in requests of another form.
  VectorizeMany(const Context& context, Result<detail::PackFormat> format, int dimensions, Upload upload,
                std::unique_ptr<VectorReader> vectors, const vectorize::UploadManyOptions& options);
  VectorizeMany(const Context& context, Result<detail::PackFormat> format, std::unique_ptr<detail::TextReader> erased,
                const vectorize::EraseManyOptions& options);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply> reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  void settle(bool idle);
  std::shared_ptr<vectorize::Mutation> last_;  ///< Of the reply being settled.
  detail::PackedJob job_;
  vectorize::Mutation mutation_{};
  bool inserts_ = false;
  bool alone_ = false;  ///< The request under way was sent after all others had been answered.
};

using VectorizeGetMany =
    detail::Mapped<detail::PackedJob, std::function<Result<vectorize::GetManyResult>(BulkResult&&)>>;
CLOUDFLARE_API VectorizeGetMany vectorize_get_many(const Context& context, const VectorizeTarget& index,
                                                   std::unique_ptr<detail::TextReader> ids,
                                                   const vectorize::GetManyOptions& options);

/// Asks `info` in growing steps until a mutation is processed.
class CLOUDFLARE_API VectorizeWait final : public detail::FlowOf<vectorize::IndexInfo> {
 public:
  VectorizeWait(const Context& context, VectorizeTarget index, vectorize::Mutation mutation,
                std::chrono::milliseconds timeout);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply> reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  void ask(detail::Outbox& out);
  Context context_;
  VectorizeTarget index_;
  vectorize::Mutation mutation_;
  std::chrono::milliseconds timeout_;
  std::chrono::milliseconds step_;
  Clock::time_point deadline_{};
  bool asking_ = false;
  Call<vectorize::IndexInfo> info_;
};

template <class R>
std::unique_ptr<VectorReader> make_vector_reader(R&& range) {
  return detail::make_view_reader<vectorize::VectorView>(std::forward<R>(range),
                                                         [](const auto& vector) { return vectorize::as_view(vector); });
}

}  // namespace cloudflare::ops
