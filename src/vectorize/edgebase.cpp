// Vectorize by EdgeBase. Action `search` is query, `delete` is erase_by_ids, `describe` is info.

#include "account/edgebase_request.hpp"
#include "vectorize/common.hpp"

namespace cloudflare::ops {

namespace {

namespace table = detail::table;
using detail::BulkFormat;
using detail::Reply;
using vectorize::Mutation;

Result<detail::Request> request_on(const detail::Endpoint& operation, const Context& context,
                                   const VectorizeTarget& index) {
  return edgebase_request(operation, context, index.name);
}

const detail::Endpoint& operation_of(Upload upload) {
  return upload == Upload::insert ? table::edgebase_vectorize_insert : table::edgebase_vectorize_upsert;
}

// What stands before and after the vectors.
std::string before_vectors(Upload upload) {
  return edgebase_action(upload == Upload::insert ? "insert" : "upsert") + R"(,"vectors":[)";
}
std::string after_vectors(std::string_view ns) {
  std::string text = "]";
  if (!ns.empty()) append_member(text, "namespace", ns);
  return text + "}";
}

std::optional<Error> check_namespace(const Context& context, std::string_view ns) {
  if (!detail::is_utf8(ns)) return invalid_argument("the namespace is not UTF-8");
  if (detail::checks_limits(context) && ns.size() > limits::vectorize_namespace_bytes)
    return invalid_argument("the namespace has " + std::to_string(ns.size()) + " bytes; at most 64 are allowed");
  return std::nullopt;
}

std::string ids_before(std::string_view action) { return edgebase_action(action) + ","; }

// Requests are small: one that breaks is repeated as it is, and a repeated insert knows that it is one.
Result<BulkFormat> many_ids(const detail::Endpoint& operation, std::string_view action, const Context& context,
                            const VectorizeTarget& index) {
  auto format =
      ids_format(request_on(operation, context, index), ids_before(action) + R"("ids":[)", limits::edgebase_vectors);
  if (format) format->halve_on_break = false;
  return format;
}

Result<BulkFormat> many_vectors(const Context& context, const VectorizeTarget& index, Upload upload,
                                const edgebase::UploadManyOptions& options) {
  auto request = request_on(operation_of(upload), context, index);
  if (request)
    if (auto error = check_namespace(context, options.ns)) request = std::move(*error);
  if (!request) return request.error();
  detail::set_json(*request, {});
  return BulkFormat{.request = std::move(*request),
                    .prefix = before_vectors(upload),
                    .separator = ",",
                    .suffix = after_vectors(options.ns),
                    .max_items = limits::edgebase_vectors,
                    .max_bytes = limits::vectorize_upload_bytes,
                    .halve_on_break = false,
                    .names_batch = true};
}

}  // namespace

Call<vectorize::IndexInfo> edgebase_vectorize_info(const Context& context, const VectorizeTarget& index) {
  return {detail::with_json(request_on(table::edgebase_vectorize_info, context, index), std::nullopt,
                            edgebase_action("describe") + "}"),
          read_info};
}

Call<Mutation> edgebase_vectorize_upload(const Context& context, const VectorizeTarget& index, Upload upload,
                                         std::unique_ptr<VectorReader> vectors,
                                         const edgebase::UploadOptions& options) {
  if (auto error = check_namespace(context, options.ns)) return Call<Mutation>(std::move(*error));
  std::string body = before_vectors(upload);
  std::size_t count = 0;
  VectorEncoder encoder(context, index.dimensions);
  for (; const vectorize::VectorView* vector = vectors->next(); ++count) {
    if (count == limits::edgebase_vectors && detail::checks_limits(context))
      return Call<Mutation>(
          invalid_argument("there are more than 20 vectors; EdgeBase divides such a request, and part of it may fail: "
                           "insert_many and upsert_many split"));
    if (count != 0) body.push_back(',');
    if (auto error = encoder.append(body, *vector)) return Call<Mutation>(at_vector(*error, count, vector->id));
  }
  if (count == 0) return Call<Mutation>(invalid_argument("there are no vectors"));
  return {detail::with_json(request_on(operation_of(upload), context, index), std::nullopt,
                            body + after_vectors(options.ns)),
          [count](Reply&& reply) { return read_mutation(std::move(reply), count); },
          upload == Upload::insert ? inserted_if_repeated : nullptr};
}

Call<vectorize::QueryResult> edgebase_vectorize_query(const Context& context, const VectorizeTarget& index,
                                                      std::span<const float> vector,
                                                      const vectorize::QueryOptions& options) {
  std::string body = edgebase_action("search") + ",";
  auto error = append_query(body, context, index, vector, options);
  return {
      detail::with_json(request_on(table::edgebase_vectorize_query, context, index), std::move(error), std::move(body)),
      read_matches};
}

Call<vectorize::QueryResult> edgebase_vectorize_query_by_id(const Context& context, const VectorizeTarget& index,
                                                            std::string_view id,
                                                            const vectorize::QueryOptions& options) {
  std::string body = edgebase_action("queryById") + ",";
  auto error = append_query(body, context, id, options);
  return {
      detail::with_json(request_on(table::edgebase_vectorize_query, context, index), std::move(error), std::move(body)),
      read_matches};
}

Call<std::vector<vectorize::Vector>> edgebase_vectorize_get_by_ids(const Context& context, const VectorizeTarget& index,
                                                                   std::span<const std::string> ids) {
  std::string body = ids_before("getByIds");
  auto error = append_ids(body, context, ids, limits::edgebase_vectors);
  return {detail::with_json(request_on(table::edgebase_vectorize_get_by_ids, context, index), std::move(error),
                            std::move(body)),
          [](Reply&& reply) { return read_vectors(reply); }};
}

Call<Mutation> edgebase_vectorize_erase_by_ids(const Context& context, const VectorizeTarget& index,
                                               std::span<const std::string> ids) {
  std::string body = ids_before("delete");
  auto error = append_ids(body, context, ids, limits::edgebase_vectors);
  return {detail::with_json(request_on(table::edgebase_vectorize_erase_by_ids, context, index), std::move(error),
                            std::move(body)),
          read_mutation_reply};
}

FlowPtr<vectorize::ManyResult> edgebase_vectorize_upload_many(const Context& context, const VectorizeTarget& index,
                                                              Upload upload, std::unique_ptr<VectorReader> vectors,
                                                              const edgebase::UploadManyOptions& options) {
  return upload_vectors(
      context, many_vectors(context, index, upload, options), index.dimensions, upload, std::move(vectors),
      {.in_flight = options.in_flight, .expected_items = options.expected_items, .on_progress = options.on_progress});
}

FlowPtr<vectorize::ManyResult> edgebase_vectorize_erase_many(const Context& context, const VectorizeTarget& index,
                                                             std::unique_ptr<detail::TextReader> ids,
                                                             const vectorize::EraseManyOptions& options) {
  return erase_vectors(context, many_ids(table::edgebase_vectorize_erase_by_ids, "delete", context, index),
                       std::move(ids), options);
}

FlowPtr<vectorize::GetManyResult> edgebase_vectorize_get_many(const Context& context, const VectorizeTarget& index,
                                                              std::unique_ptr<detail::TextReader> ids,
                                                              const vectorize::GetManyOptions& options) {
  return get_vectors(context, many_ids(table::edgebase_vectorize_get_by_ids, "getByIds", context, index),
                     std::move(ids), options);
}

}  // namespace cloudflare::ops
