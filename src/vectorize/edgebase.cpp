// EdgeBase names query `search`, erase_by_ids `delete` and info `describe`.

#include "vectorize/edgebase.hpp"

#include "account/edgebase_request.hpp"

namespace cloudflare::ops {

namespace {

namespace table = detail::table;
using detail::BulkFormat;
using detail::Reply;
using vectorize::Mutation;

Result<detail::Request> request_on(const detail::Endpoint& endpoint, const Context& context,
                                   const VectorizeTarget& index) {
  return edgebase_request(endpoint, context, index.name);
}

// With its body, or with why there is none.
Result<detail::Request> request_on(const detail::Endpoint& endpoint, const Context& context,
                                   const VectorizeTarget& index, std::optional<Error> error, std::string body) {
  return detail::with_json(request_on(endpoint, context, index), std::move(error), std::move(body));
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

std::string ids_before(std::string_view action) { return edgebase_action(action) + ","; }

std::optional<Error> check_options(const Context& context, std::string_view ns,
                                   const std::optional<vectorize::UnparsableBehavior>& unparsable) {
  if (unparsable) return invalid_argument("EdgeBase has no behaviour for vectors that cannot be read");
  if (!detail::is_utf8(ns)) return invalid_argument("the namespace is not UTF-8");
  if (detail::checks_limits(context) && ns.size() > limits::vectorize_namespace_bytes)
    return invalid_argument("the namespace has " + std::to_string(ns.size()) + " bytes; at most 64 are allowed");
  return std::nullopt;
}

// Requests are small: one that breaks is repeated as it is, and a repeated insert knows that it is one.
Result<BulkFormat> many_ids(const detail::Endpoint& endpoint, std::string_view action, const Context& context,
                            const VectorizeTarget& index) {
  auto format =
      ids_format(request_on(endpoint, context, index), ids_before(action) + R"("ids":[)", limits::edgebase_vectors);
  if (format) format->halve_on_break = false;
  return format;
}

}  // namespace

Call<vectorize::IndexInfo> edgebase_vectorize_info(const Context& context, const VectorizeTarget& index) {
  return {request_on(table::edgebase_vectorize_info, context, index, std::nullopt, edgebase_action("describe") + "}"),
          read_info};
}

Call<Mutation> edgebase_vectorize_upload(const Context& context, const VectorizeTarget& index, Upload upload,
                                         std::unique_ptr<VectorReader> vectors,
                                         const vectorize::UploadOptions& options) try {
  if (auto error = check_options(context, options.ns, options.unparsable)) return Call<Mutation>(std::move(*error));
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
  return {request_on(operation_of(upload), context, index, std::nullopt, body + after_vectors(options.ns)),
          [count](Reply&& reply) { return read_mutation(std::move(reply), count); },
          upload == Upload::insert ? inserted_if_repeated : nullptr};
} catch (...) {  // the range is the caller's
  return Call<Mutation>(detail::thrown_by_caller());
}

Call<vectorize::QueryResult> edgebase_vectorize_query(const Context& context, const VectorizeTarget& index,
                                                      std::span<const float> vector,
                                                      const vectorize::QueryOptions& options) {
  std::string body = edgebase_action("search") + ",";
  auto error = append_query(body, context, index, vector, options);
  return {request_on(table::edgebase_vectorize_query, context, index, std::move(error), std::move(body)), read_matches};
}

Call<vectorize::QueryResult> edgebase_vectorize_query_by_id(const Context& context, const VectorizeTarget& index,
                                                            std::string_view id,
                                                            const vectorize::QueryOptions& options) {
  std::string body = edgebase_action("queryById") + ",";
  auto error = append_query(body, context, id, options);
  return {request_on(table::edgebase_vectorize_query, context, index, std::move(error), std::move(body)), read_matches};
}

Call<std::vector<vectorize::Vector>> edgebase_vectorize_get_by_ids(const Context& context, const VectorizeTarget& index,
                                                                   std::span<const std::string> ids) {
  std::string body = ids_before("getByIds");
  auto error = append_ids(body, context, ids, limits::edgebase_vectors);
  return {request_on(table::edgebase_vectorize_get_by_ids, context, index, std::move(error), std::move(body)),
          [](Reply&& reply) { return read_vectors(reply); }};
}

Call<Mutation> edgebase_vectorize_erase_by_ids(const Context& context, const VectorizeTarget& index,
                                               std::span<const std::string> ids) {
  std::string body = ids_before("delete");
  auto error = append_ids(body, context, ids, limits::edgebase_vectors);
  return {request_on(table::edgebase_vectorize_erase_by_ids, context, index, std::move(error), std::move(body)),
          read_mutation_reply};
}

Result<BulkFormat> edgebase_vectors_format(const Context& context, const VectorizeTarget& index, Upload upload,
                                           const vectorize::UploadManyOptions& options) {
  auto request = request_on(operation_of(upload), context, index);
  if (request)
    if (auto error = check_options(context, options.ns, options.unparsable)) request = std::move(*error);
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

Result<BulkFormat> edgebase_erase_format(const Context& context, const VectorizeTarget& index) {
  return many_ids(table::edgebase_vectorize_erase_by_ids, "delete", context, index);
}

Result<BulkFormat> edgebase_get_format(const Context& context, const VectorizeTarget& index) {
  return many_ids(table::edgebase_vectorize_get_by_ids, "getByIds", context, index);
}

}  // namespace cloudflare::ops
