#include "d1/edgebase.hpp"

#include "account/edgebase_request.hpp"

namespace cloudflare::ops {

namespace {

using detail::Reply;

Result<d1::Results> read_bare_result(Reply&& reply) {
  auto result = read_statement(std::string(reply.result()), 0);
  if (!result) return result.error();
  std::vector<d1::StatementResult> results;
  results.push_back(std::move(*result));
  return d1::Results(std::move(results));
}

Result<JsonText> read_bare_objects(Reply&& reply) {
  return edgebase_member(reply, "results", "the result",
                         [](detail::json::value value) { return detail::json_text(value); });
}

}  // namespace

Result<detail::Request> edgebase_statement(const RequestContext& context, std::string_view name, std::string_view sql,
                                           const d1::Params& params, bool several_allowed) {
  return with_statement(edgebase_request(d1_endpoint("edgebase.d1.query"), context, name), context, sql, params,
                        several_allowed, "query");
}

Result<Reply> result_in_list(Reply&& reply) {
  reply.http.body.insert(0, 1, '[');
  reply.http.body.push_back(']');
  reply.result_size += 2;
  return std::move(reply);
}

Call<Reply> edgebase_d1_query(const RequestContext& context, std::string_view name, std::string_view sql,
                              const d1::Params& params) {
  return {edgebase_statement(context, name, sql, params, false), result_in_list};
}

Call<d1::Results> edgebase_d1_execute(const RequestContext& context, std::string_view name, std::string_view sql,
                                      const d1::Params& params) {
  return {edgebase_statement(context, name, sql, params, true), read_bare_result};
}

Call<JsonText> edgebase_d1_query_json(const RequestContext& context, std::string_view name, std::string_view sql,
                                      const d1::Params& params) {
  return {edgebase_statement(context, name, sql, params, false), read_bare_objects};
}

}  // namespace cloudflare::ops
