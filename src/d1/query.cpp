// SQL on one database.

#include "d1/common.hpp"
#include "d1/edgebase.hpp"
#include "d1/sql.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;
using detail::Request;

// The members of a result other than its rows.
struct Judgement {
  bool failed = false;
  std::string error{};
  int code = 0;

  void take(std::string_view name, json::value value) {
    if (name == "success") {
      failed = value.type() == json::json_type::boolean && !value.get_bool();
    } else if (name == "error") {
      if (value.type() == json::json_type::string) error = detail::string(value);
    } else if (name == "code") {
      if (value.type() == json::json_type::number) code = static_cast<int>(detail::integer(value));
    }
  }
};

Result<d1::Results> read_results(Reply&& reply) {
  auto texts = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the results",
                                 [](json::document& document) {
                                   std::vector<std::string> list;
                                   for (auto item : document.get_array())
                                     list.emplace_back(detail::raw_text(item.value()));
                                   return list;
                                 });
  if (!texts) return about_reply(texts.error(), reply);
  std::vector<d1::StatementResult> results;
  for (std::string& text : *texts) {
    auto result = read_statement(std::move(text), results.size());
    if (!result) return about_reply(result.error(), reply);
    results.push_back(std::move(*result));
  }
  return d1::Results(std::move(results));
}

Result<JsonText> read_objects(Reply&& reply) {
  Judgement judgement;
  std::size_t count = 0;
  auto rows = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the result",
                                [&](json::document& document) {
                                  std::string text = "[]";
                                  for (auto item : document.get_array()) {
                                    ++count;
                                    for (auto field : item.get_object()) {
                                      const std::string_view name = field.unescaped_key();
                                      json::value value = field.value();
                                      if (name == "results")
                                        text = detail::raw_text(value);
                                      else
                                        judgement.take(name, value);
                                    }
                                  }
                                  return text;
                                });
  if (rows && judgement.failed) rows = inner_failure(std::move(judgement.error), judgement.code);
  if (rows && count != 1)
    rows = Error(ErrorKind::decode, "the reply holds " + std::to_string(count) + " results instead of one");
  if (!rows) return about_reply(rows.error(), reply);
  return JsonText::raw(std::move(*rows));
}

Result<Request> sql_request(const detail::Endpoint& endpoint, const RequestContext& context, std::string_view id,
                            std::string_view sql, const d1::Params& params, bool several_allowed) {
  return with_statement(database_request(endpoint, context, id), context, sql, params, several_allowed);
}

}  // namespace

Result<Request> with_statement(Result<Request> request, const RequestContext& context, std::string_view sql,
                               const d1::Params& params, bool several_allowed, std::string_view member) {
  if (!request) return request;
  const SqlShape shape = shape_of(sql);
  if (shape.statements > 1 && !several_allowed)
    return invalid_argument("the text holds several statements; execute() and batch() keep the result of each");
  if (shape.statements > 1 && !params.empty())
    return invalid_argument("several statements in one text take no parameters; batch() gives each its own");
  std::string body;
  if (auto error = append_statement(body, sql, shape, params, context, member)) return std::move(*error);
  detail::set_json(*request, std::move(body));
  if (shape.reads) request->repeat = detail::Repeat::read;
  return request;
}

Result<d1::StatementResult> read_statement(std::string text, std::size_t position) {
  std::string copy = text;
  return detail::read_json(copy, 0, copy.size(), "a result",
                           [&](json::document& document) -> Result<d1::StatementResult> {
                             d1::Meta meta;
                             Judgement judgement;
                             for (auto field : document.get_object()) {
                               const std::string_view name = field.unescaped_key();
                               json::value value = field.value();
                               if (name == "meta")
                                 meta = read_meta(value);
                               else
                                 judgement.take(name, value);
                             }
                             if (judgement.failed)
                               return inner_failure("statement " + std::to_string(position) + ": " + judgement.error,
                                                    judgement.code);
                             return d1::StatementResult(std::move(meta), std::move(text));
                           })
      .and_then([](Result<d1::StatementResult>&& inner) { return std::move(inner); });
}

Call<Reply> d1_query(const RequestContext& context, std::string_view id, std::string_view sql,
                     const d1::Params& params) {
  if (context.edgebase) return edgebase_d1_query(context, id, sql, params);
  return {sql_request(d1_endpoint("d1.query"), context, id, sql, params, false),
          [](Reply&& reply) -> Result<Reply> { return std::move(reply); }};
}

Call<d1::Results> d1_execute(const RequestContext& context, std::string_view id, std::string_view sql,
                             const d1::Params& params) {
  if (context.edgebase) return edgebase_d1_execute(context, id, sql, params);
  return {sql_request(d1_endpoint("d1.execute"), context, id, sql, params, true), read_results};
}

Call<d1::Results> d1_batch(const RequestContext& context, std::string_view id,
                           std::span<const d1::Statement> statements) {
  auto request = database_request(d1_endpoint("d1.batch"), context, id);
  if (!request) return Call<d1::Results>(request.error());
  if (statements.empty()) return Call<d1::Results>(invalid_argument("there are no statements"));
  std::string body = R"({"batch":[)";
  for (std::size_t i = 0; i < statements.size(); ++i) {
    if (i != 0) body.push_back(',');
    const d1::Statement& statement = statements[i];
    if (auto error = append_statement(body, statement.sql, shape_of(statement.sql), statement.params, context))
      return Call<d1::Results>(invalid_argument("statement " + std::to_string(i) + ": " + error->details().text));
  }
  detail::set_json(*request, body + "]}");
  return {std::move(request), read_results};
}

Call<JsonText> d1_query_json(const RequestContext& context, std::string_view id, std::string_view sql,
                             const d1::Params& params) {
  if (context.edgebase) return edgebase_d1_query_json(context, id, sql, params);
  return {sql_request(d1_endpoint("d1.query_json"), context, id, sql, params, false), read_objects};
}

}  // namespace cloudflare::ops
