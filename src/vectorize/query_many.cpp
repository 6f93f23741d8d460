// Any number of queries, by the bulk flow: one in each request.

#include "vectorize/common.hpp"
#include "vectorize/edgebase.hpp"

namespace cloudflare::ops {

namespace {

using detail::Batch;
using detail::BulkCodec;
using detail::BulkFlow;
using detail::BulkFormat;
using detail::Reply;
using vectorize::QueryResult;

using TakeResult = std::function<void(std::uint64_t, QueryResult&&)>;

class QueryCodec final : public BulkCodec {
 public:
  QueryCodec(const RequestContext& context, VectorizeTarget index, std::unique_ptr<QueryReader> vectors,
             TakeResult take)
      : context_(context), index_(std::move(index)), vectors_(std::move(vectors)), take_(std::move(take)) {}

  Read read(std::string& text, std::string& /*names*/) override {
    const std::span<const float>* vector = vectors_->next();
    if (vector == nullptr) return Read::end;
    const std::size_t before = text.size();
    if (auto error = append_query_vector(text, context_, index_, *vector)) {
      text.resize(before);
      refusal_ = std::move(*error);
      return Read::refused;
    }
    return Read::item;
  }

  Result<Open> settle(const Batch& batch, Reply&& reply) override {
    auto result = read_matches(std::move(reply));
    if (!result) return result.error();
    take_(batch.items.front().index, std::move(result).value());
    return Open();
  }

 private:
  RequestContext context_;
  VectorizeTarget index_;
  std::unique_ptr<QueryReader> vectors_;
  TakeResult take_;
};

}  // namespace

Result<BulkFormat> query_format(Result<detail::Request> request, std::string prefix) {
  if (!request) return request.error();
  detail::set_json(*request, {});
  return BulkFormat{.request = std::move(*request),
                    .prefix = std::move(prefix),
                    .max_items = 1,
                    .max_bytes = limits::vectorize_upload_bytes,
                    .halve_on_break = false};
}

FlowPtr<vectorize::QueryManyResult> vectorize_query_many(const RequestContext& context, const VectorizeTarget& index,
                                                         std::unique_ptr<QueryReader> vectors,
                                                         const vectorize::QueryOptions& options,
                                                         const vectorize::QueryManyOptions& many) {
  auto format = context.edgebase
                    ? edgebase_query_format(context, index)
                    : query_format(index_request(vectorize_endpoint("vectorize.query"), context, index), "{");
  if (auto rest = encode_query_options(context, options); !rest) {
    format = rest.error();
  } else if (format) {
    format->suffix = std::move(rest).value();
    format->expected = vectors->size();
  }
  auto results = std::make_shared<std::vector<std::optional<QueryResult>>>();
  TakeResult take = many.on_result;
  const bool collects = !take;
  if (collects)
    take = [results](std::uint64_t position, QueryResult&& result) {
      const auto at = static_cast<std::size_t>(position);
      if (results->size() <= at) results->resize(at + 1);
      (*results)[at] = std::move(result);
    };
  BulkFlow flow = format ? BulkFlow(std::move(*format),
                                    std::make_unique<QueryCodec>(context, index, std::move(vectors), std::move(take)),
                                    {.on_progress = many.on_progress, .on_outcome = many.on_outcome},
                                    detail::most_in_flight(context, many.in_flight))
                         : BulkFlow(format.error());
  auto give = [results, collects](BulkResult&& outcome) -> Result<vectorize::QueryManyResult> {
    if (collects) results->resize(static_cast<std::size_t>(outcome.items));
    return vectorize::QueryManyResult{.results = std::move(*results), .outcome = std::move(outcome)};
  };
  return std::make_unique<detail::Mapped<BulkFlow, decltype(give)>>(std::move(flow), std::move(give));
}

}  // namespace cloudflare::ops
