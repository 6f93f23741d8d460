// EdgeBase calls query `search`, erase_by_ids `delete` and info `describe`.

#include "vectorize/edgebase.hpp"

#include "account/edgebase_request.hpp"

namespace cloudflare::ops {

namespace {

using detail::BulkFormat;
using detail::Reply;
using vectorize::Mutation;

// A request with its body, or `error`.
Result<detail::Request> request_on(const detail::Endpoint& endpoint, const RequestContext& context,
                                   const VectorizeTarget& index, std::optional<Error> error, std::string body) {
  return detail::with_json(edgebase_request(endpoint, context, index.name), std::move(error), std::move(body));
}

const detail::Endpoint& operation_of(Upload upload) {
  return upload == Upload::insert ? vectorize_endpoint("edgebase.vectorize.insert")
                                  : vectorize_endpoint("edgebase.vectorize.upsert");
}

// The text of the body before and after the vectors.
std::string before_vectors(Upload upload) {
  return edgebase_action(upload == Upload::insert ? "insert" : "upsert") + R"(,"vectors":[)";
}
std::string after_vectors(std::string_view ns) {
  std::string text = "]";
  if (!ns.empty()) append_member(text, "namespace", ns);
  return text + "}";
}

std::optional<Error> check_options(const RequestContext& context, std::string_view ns,
                                   const std::optional<vectorize::UnparsableBehavior>& unparsable) {
  if (unparsable) return invalid_argument("EdgeBase has no option for unparsable vectors");
  return check_namespace(ns, detail::checks_limits(context));
}

struct IdsAction {
  const detail::Endpoint& endpoint;
  std::string_view name;
};
constexpr IdsAction erase_by_ids{vectorize_endpoint("edgebase.vectorize.erase_by_ids"), "delete"};
constexpr IdsAction get_by_ids{vectorize_endpoint("edgebase.vectorize.get_by_ids"), "getByIds"};

Result<detail::Request> ids_request(const IdsAction& action, const RequestContext& context,
                                    const VectorizeTarget& index, std::span<const std::string> ids) {
  std::string body = edgebase_action(action.name) + ",";
  auto error = append_ids(body, context, ids, limits::edgebase_vectors);
  return request_on(action.endpoint, context, index, std::move(error), std::move(body));
}

// Requests are small, so one that breaks is repeated unchanged instead of halved. A repeated insert is recognised.
Result<BulkFormat> ids_format_of(const IdsAction& action, const RequestContext& context, const VectorizeTarget& index) {
  auto format = ids_format(edgebase_request(action.endpoint, context, index.name),
                           edgebase_action(action.name) + R"(,"ids":[)", limits::edgebase_vectors);
  if (format) format->halve_on_break = false;
  return format;
}

// EdgeBase without a Vectorize binding answers with `_stub` and `_warning` beside an empty result. Only members at the
// top level count, because metadata may have members of the same names.
std::optional<Error> error_of_stub(std::string& body) {
  if (body.find(R"("_stub")") == std::string::npos) return std::nullopt;
  bool stub = false;
  std::string warning;
  const auto read = detail::read_json(body, 0, body.size(), "the reply", [&](detail::json::document& document) {
    detail::each_member(document.get_value(), [&](std::string_view name, detail::json::value member) {
      if (name == "_stub") stub = detail::raw_text(member) == "true";
      if (name == "_warning") warning = detail::text_of(member);
    });
    return stub;
  });
  if (!read || !stub) return std::nullopt;
  return Error(ErrorDetails{.kind = ErrorKind::stub,
                            .text = "the server has no Vectorize there and answers with an empty stub: " + warning});
}

}  // namespace

constexpr detail::ReplyRules stub_rules{.error_in_success = error_of_stub};

Call<vectorize::IndexInfo> edgebase_vectorize_info(const RequestContext& context, const VectorizeTarget& index) {
  return {request_on(vectorize_endpoint("edgebase.vectorize.info"), context, index, std::nullopt,
                     edgebase_action("describe") + "}"),
          read_info};
}

Call<Mutation> edgebase_vectorize_upload(const RequestContext& context, const VectorizeTarget& index, Upload upload,
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

Call<vectorize::QueryResult> edgebase_vectorize_query(const RequestContext& context, const VectorizeTarget& index,
                                                      std::span<const float> vector,
                                                      const vectorize::QueryOptions& options) {
  std::string body = edgebase_action("search") + ",";
  auto error = append_query(body, context, index, vector, options);
  return {request_on(vectorize_endpoint("edgebase.vectorize.query"), context, index, std::move(error), std::move(body)),
          read_matches};
}

Call<vectorize::QueryResult> edgebase_vectorize_query_by_id(const RequestContext& context, const VectorizeTarget& index,
                                                            std::string_view id,
                                                            const vectorize::QueryOptions& options) {
  std::string body = edgebase_action("queryById") + ",";
  auto error = append_query(body, context, id, options);
  return {request_on(vectorize_endpoint("edgebase.vectorize.query"), context, index, std::move(error), std::move(body)),
          read_matches};
}

Call<std::vector<vectorize::Vector>> edgebase_vectorize_get_by_ids(const RequestContext& context,
                                                                   const VectorizeTarget& index,
                                                                   std::span<const std::string> ids) {
  return {ids_request(get_by_ids, context, index, ids), [](Reply&& reply) { return read_vectors(reply); }};
}

Call<Mutation> edgebase_vectorize_erase_by_ids(const RequestContext& context, const VectorizeTarget& index,
                                               std::span<const std::string> ids) {
  return {ids_request(erase_by_ids, context, index, ids), read_mutation_reply};
}

Result<BulkFormat> edgebase_query_format(const RequestContext& context, const VectorizeTarget& index) {
  return query_format(edgebase_request(vectorize_endpoint("edgebase.vectorize.query"), context, index.name),
                      edgebase_action("search") + ",");
}

Result<BulkFormat> edgebase_vectors_format(const RequestContext& context, const VectorizeTarget& index, Upload upload,
                                           const vectorize::UploadManyOptions& options) {
  auto request = edgebase_request(operation_of(upload), context, index.name);
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

Result<BulkFormat> edgebase_erase_format(const RequestContext& context, const VectorizeTarget& index) {
  return ids_format_of(erase_by_ids, context, index);
}
Result<BulkFormat> edgebase_get_format(const RequestContext& context, const VectorizeTarget& index) {
  return ids_format_of(get_by_ids, context, index);
}

}  // namespace cloudflare::ops
