// Reading one index: info, queries, vectors by id, lists.

#include <charconv>
#include <cmath>

#include "base/read_floats.hpp"
#include "base/read_real.hpp"
#include "engine/retry.hpp"
#include "vectorize/common.hpp"
#include "vectorize/edgebase.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;
using vectorize::IndexInfo;
using vectorize::Match;
using vectorize::Mutation;
using vectorize::QueryOptions;
using vectorize::QueryResult;
using vectorize::Vector;
using vectorize::VectorPage;

IndexInfo read_info_object(json::object object) {
  IndexInfo info;
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    json::value value = field.value();
    if (value.is_null()) continue;
    if (name == "dimensions")
      info.dimensions = static_cast<int>(detail::integer(value));
    else if (name == "metric")
      info.metric = read_metric(value);
    else if (name == "vectorCount")
      info.vector_count = detail::integer(value);
    else if (name == "processedUpToMutation")
      info.processed_up_to_mutation = detail::string(value);
    else if (name == "processedUpToDatetime")
      info.processed_up_to_datetime = read_time(value);
  }
  if (info.processed_up_to_mutation && info.processed_up_to_mutation->empty()) info.processed_up_to_mutation.reset();
  return info;
}

Vector read_vector(json::object object, std::size_t expected) {
  Vector vector;
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    json::value value = field.value();
    if (value.is_null()) continue;
    if (name == "id") {
      vector.id = detail::string(value);
    } else if (name == "values") {
      vector.values.reserve(expected);
      read_floats(vector.values, value);
    } else if (name == "namespace") {
      vector.ns = detail::string(value);
    } else if (name == "metadata") {
      vector.metadata = detail::json_text(value);
    }
  }
  return vector;
}

Match read_match(json::object object, std::size_t expected) {
  Match match;
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    json::value value = field.value();
    if (value.is_null()) continue;
    if (name == "id") {
      match.id = detail::string(value);
    } else if (name == "score") {
      match.score = value.get_double();
    } else if (name == "values") {
      match.values.reserve(expected);
      read_floats(match.values, value);
    } else if (name == "metadata") {
      match.metadata = detail::json_text(value);
    } else if (name == "namespace") {
      match.ns = detail::string(value);
    }
  }
  return match;
}

Result<VectorPage> read_vector_page(Reply&& reply) {
  auto page = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the list of vectors",
                                [](json::document& document) {
                                  VectorPage list;
                                  for (auto field : document.get_object()) {
                                    const std::string_view name = field.unescaped_key();
                                    json::value value = field.value();
                                    if (value.is_null()) continue;
                                    if (name == "vectors") {
                                      for (auto item : value.get_array())
                                        list.vectors.push_back({read_vector(item.get_object(), 0).id});
                                    } else if (name == "nextCursor") {
                                      list.cursor = detail::string(value);
                                    } else if (name == "isTruncated") {
                                      list.is_truncated = value.get_bool();
                                    } else if (name == "count") {
                                      list.info.count = detail::integer(value);
                                    } else if (name == "totalCount") {
                                      list.info.total_count = detail::integer(value);
                                    } else if (name == "cursorExpirationTimestamp") {
                                      list.cursor_expires = read_time(value);
                                    }
                                  }
                                  return list;
                                });
  if (!page) return page;
  if (page->is_truncated == true && page->cursor.empty())
    return Error(ErrorKind::decode, "the list is truncated, but the reply has no cursor");
  if (page->is_truncated == false) page->cursor.clear();
  return page;
}

std::optional<Error> check_query(const QueryOptions& options, bool limits) {
  const bool with_data = options.return_values || options.return_metadata == vectorize::ReturnMetadata::all;
  const int most = with_data ? limits::vectorize_top_k_with_data : limits::vectorize_top_k;
  if (options.top_k && (*options.top_k < 1 || (limits && *options.top_k > most)))
    return invalid_argument("top_k is " + std::to_string(*options.top_k) + "; 1 to " + std::to_string(most) +
                            (with_data ? " are allowed with values or all metadata" : " are allowed"));
  if (auto error = check_namespace(options.ns, limits)) return error;
  return check_filter(options, limits);
}

}  // namespace

Result<std::string> encode_query_options(const RequestContext& context, const QueryOptions& options) {
  if (auto error = check_query(options, detail::checks_limits(context))) return *std::move(error);
  std::string body;
  if (options.top_k) detail::append_number(body.append(R"(,"topK":)"), *options.top_k);
  if (!options.ns.empty()) detail::append_json_string(body.append(R"(,"namespace":)"), options.ns);
  if (!options.filter.empty()) body.append(R"(,"filter":)").append(options.filter.text());
  if (options.return_values) body.append(R"(,"returnValues":true)");
  // A boolean here is refused by the server with 40026.
  if (options.return_metadata == vectorize::ReturnMetadata::indexed) body.append(R"(,"returnMetadata":"indexed")");
  if (options.return_metadata == vectorize::ReturnMetadata::all) body.append(R"(,"returnMetadata":"all")");
  body.push_back('}');
  return body;
}

std::optional<Error> append_query_vector(std::string& json, const RequestContext& context, const VectorizeTarget& index,
                                         std::span<const float> vector) {
  const std::size_t most = index.dimensions > 0 ? static_cast<std::size_t>(index.dimensions) : 0;
  if (detail::checks_limits(context) && (vector.empty() || (most != 0 && vector.size() != most) ||
                                         vector.size() > static_cast<std::size_t>(limits::vectorize_max_dimensions)))
    return invalid_argument("the query has " + std::to_string(vector.size()) + " dimensions; " +
                            (most != 0 ? std::to_string(most) + " are needed" : "1 to 1536 are allowed"));
  if (!detail::append_floats(json.append(R"("vector":)"), vector)) return detail::not_finite(vector);
  return std::nullopt;
}

std::optional<Error> append_query(std::string& json, const RequestContext& context, const VectorizeTarget& index,
                                  std::span<const float> vector, const QueryOptions& options) {
  const auto rest = encode_query_options(context, options);
  if (!rest) return rest.error();
  if (auto error = append_query_vector(json, context, index, vector)) return error;
  json.append(*rest);
  return std::nullopt;
}

std::optional<Error> append_query(std::string& json, const RequestContext& context, std::string_view id,
                                  const QueryOptions& options) {
  const auto rest = encode_query_options(context, options);
  if (!rest) return rest.error();
  if (auto error = check_vector_id(id, detail::checks_limits(context))) return error;
  detail::append_json_string(json.append(R"("vectorId":)"), id);
  json.append(*rest);
  return std::nullopt;
}

std::optional<Error> append_ids(std::string& json, const RequestContext& context, std::span<const std::string> ids,
                                std::size_t most) {
  const bool limits = detail::checks_limits(context);
  if (ids.empty()) return invalid_argument("there are no ids");
  if (limits && ids.size() > most)
    return invalid_argument("there are " + std::to_string(ids.size()) + " ids; at most " + std::to_string(most) +
                            " are allowed in one request");
  json.append(R"("ids":[)");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (auto error = check_vector_id(ids[i], limits)) return at_vector(*error, i, ids[i]);
    if (i != 0) json.push_back(',');
    detail::append_json_string(json, ids[i]);
  }
  json.append("]}");
  return std::nullopt;
}

std::optional<std::chrono::sys_seconds> read_time(json::value value) {
  const auto since_epoch = [](double count) -> std::optional<std::chrono::sys_seconds> {
    constexpr double most_seconds = 1e11;  // year 5138 in seconds; 1973 in milliseconds, before the service existed
    if (std::fabs(count) >= most_seconds) count /= 1000;
    if (std::fabs(count) >= most_seconds) return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::seconds(std::llround(std::floor(count))));
  };
  if (value.type() == json::json_type::number) return since_epoch(value.get_double());
  if (value.type() != json::json_type::string) return std::nullopt;
  const std::string_view text = value.get_string();
  double count = 0;
  const auto [end, failed] = detail::read_real(text.data(), text.data() + text.size(), count);
  if (failed == std::errc() && end == text.data() + text.size()) return since_epoch(count);
  return detail::parse_rfc3339(text);
}

void read_floats(std::vector<float>& to, json::value value) {
  detail::read_floats(to, value.get_array().value().raw_json());
}

Result<detail::Request> index_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                      const VectorizeTarget& index) {
  if (auto error = check_index_name(index.name, detail::checks_limits(context))) return *error;
  return detail::account_request(endpoint, context, {index.name});
}

Result<Mutation> read_mutation(Reply&& reply, std::size_t sent) {
  Mutation mutation;
  if (const std::string* date = find_header(reply.http.headers, "date"))
    mutation.accepted_at = detail::parse_http_date(*date);
  if (!reply.result().starts_with('{')) return mutation;
  std::optional<std::int64_t> count;
  auto read = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the mutation",
                                [&](json::document& document) {
                                  for (auto field : document.get_object()) {
                                    const std::string_view name = field.unescaped_key();
                                    json::value value = field.value();
                                    if (value.is_null()) continue;
                                    if (name == "mutationId")
                                      mutation.id = detail::string(value);
                                    else if (name == "count")
                                      count = detail::integer(value);
                                  }
                                  if (mutation.id && mutation.id->empty()) mutation.id.reset();
                                  return mutation;
                                });
  if (read && count && *count < static_cast<std::int64_t>(sent))
    return Error(ErrorKind::decode,
                 "the server took " + std::to_string(*count) + " of " + std::to_string(sent) + " vectors");
  return read;
}

Result<IndexInfo> read_info(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the info",
                           [](json::document& document) { return read_info_object(document.get_object()); });
}

Result<QueryResult> read_matches(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the query result",
                           [](json::document& document) {
                             QueryResult result;
                             for (auto field : document.get_object()) {
                               const std::string_view name = field.unescaped_key();
                               json::value value = field.value();
                               if (value.is_null()) continue;
                               if (name == "count") {
                                 result.count = detail::integer(value);
                               } else if (name == "matches") {
                                 std::size_t expected = 0;
                                 for (auto item : value.get_array()) {
                                   result.matches.push_back(read_match(item.get_object(), expected));
                                   expected = result.matches.back().values.size();
                                 }
                               }
                             }
                             return result;
                           });
}

Result<std::vector<Vector>> read_vectors(Reply& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the vectors",
                           [](json::document& document) {
                             const bool wrapped = document.type() == json::json_type::object;
                             std::vector<Vector> vectors;
                             std::size_t expected = 0;
                             const auto take = [&](json::array list) {
                               for (auto item : list) {
                                 vectors.push_back(read_vector(item.get_object(), expected));
                                 expected = vectors.back().values.size();
                               }
                             };
                             if (!wrapped) {
                               take(document.get_array());
                               return vectors;
                             }
                             bool found = false;
                             for (auto field : document.get_object()) {
                               if (std::string_view(field.unescaped_key()) != "vectors") continue;
                               take(field.value().get_array());
                               found = true;
                             }
                             if (!found) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
                             return vectors;
                           });
}

Call<IndexInfo> vectorize_info(const RequestContext& context, const VectorizeTarget& index) {
  if (context.edgebase) return edgebase_vectorize_info(context, index);
  return {index_request(vectorize_endpoint("vectorize.info"), context, index), read_info};
}

Call<QueryResult> vectorize_query(const RequestContext& context, const VectorizeTarget& index,
                                  std::span<const float> vector, const QueryOptions& options) {
  if (context.edgebase) return edgebase_vectorize_query(context, index, vector, options);
  std::string body = "{";
  auto error = append_query(body, context, index, vector, options);
  return {with_json(index_request(vectorize_endpoint("vectorize.query"), context, index), std::move(error),
                    std::move(body)),
          read_matches};
}

Call<QueryResult> vectorize_query_by_id(const RequestContext& context, const VectorizeTarget& index,
                                        std::string_view id, const QueryOptions& options) {
  if (context.edgebase) return edgebase_vectorize_query_by_id(context, index, id, options);
  std::string body = "{";
  auto error = append_query(body, context, id, options);
  return {with_json(index_request(vectorize_endpoint("vectorize.query"), context, index), std::move(error),
                    std::move(body)),
          read_matches};
}

Call<std::vector<Vector>> vectorize_get_by_ids(const RequestContext& context, const VectorizeTarget& index,
                                               std::span<const std::string> ids) {
  if (context.edgebase) return edgebase_vectorize_get_by_ids(context, index, ids);
  std::string body = "{";
  auto error = append_ids(body, context, ids, limits::vectorize_get_ids);
  return {with_json(index_request(vectorize_endpoint("vectorize.get_by_ids"), context, index), std::move(error),
                    std::move(body)),
          [](Reply&& reply) { return read_vectors(reply); }};
}

Call<Mutation> vectorize_erase_by_ids(const RequestContext& context, const VectorizeTarget& index,
                                      std::span<const std::string> ids) {
  if (context.edgebase) return edgebase_vectorize_erase_by_ids(context, index, ids);
  std::string body = "{";
  auto error = append_ids(body, context, ids, limits::vectorize_erase_ids);
  return {with_json(index_request(vectorize_endpoint("vectorize.erase_by_ids"), context, index), std::move(error),
                    std::move(body)),
          read_mutation_reply};
}

Call<VectorPage> vectorize_list(const RequestContext& context, const VectorizeTarget& index,
                                const vectorize::ListOptions& options) {
  auto request = index_request(vectorize_endpoint("vectorize.list"), context, index);
  if (request && options.count) {
    const bool allowed = *options.count >= 1 && *options.count <= limits::vectorize_list_max;
    if (*options.count < 1 || (!allowed && detail::checks_limits(context)))
      request = invalid_argument("the count is " + std::to_string(*options.count) + "; 1 to 1000 are allowed");
  }
  if (request && !detail::is_utf8(options.cursor)) request = invalid_argument("the cursor is not UTF-8");
  if (request) {
    if (options.count) detail::add_query(*request, "count", std::to_string(*options.count));
    if (!options.cursor.empty()) detail::add_query(*request, "cursor", options.cursor);
  }
  return {std::move(request), read_vector_page};
}

std::shared_ptr<detail::PageWalk<VectorPage>> vectorize_list_walk(const RequestContext& context,
                                                                  const VectorizeTarget& index,
                                                                  const vectorize::ListOptions& options) {
  auto walk = std::make_shared<detail::PageWalk<VectorPage>>();
  walk->cursor = options.cursor;
  walk->fetch = [context, index, options](const std::string& cursor) {
    vectorize::ListOptions page = options;
    page.cursor = cursor;
    if (!page.count) page.count = limits::vectorize_list_max;
    return vectorize_list(context, index, page);
  };
  return walk;
}

}  // namespace cloudflare::ops
