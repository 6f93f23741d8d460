#include <algorithm>
#include <limits>

#include "d1/sql_split.hpp"
#include "local/d1/errors.hpp"
#include "local/d1/handlers.hpp"

namespace cloudflare::local {

namespace {

bool is_parameter(const Json& value) {
  if (value.is(Json::Kind::object)) return false;
  return std::all_of(value.items.begin(), value.items.end(),
                     [](const Json& byte) { return byte.is(Json::Kind::number); });
}

// Takes the texts out of `item`.
D1Query query_of(Json& item, std::string_view name = "sql") {
  Json* sql = item.find(name);
  if (sql == nullptr || !sql->is(Json::Kind::string))
    throw d1_invalid("Invalid property: " + std::string(name) + " => Required");
  D1Query query{.sql = std::move(sql->string)};
  Json* params = item.find("params");
  if (params == nullptr || params->is(Json::Kind::null)) return query;
  if (!params->is(Json::Kind::array)) throw d1_invalid("Invalid property: params => expected an array");
  if (!std::all_of(params->items.begin(), params->items.end(), is_parameter))
    throw d1_invalid(
        "Invalid property: params => expected null, a number, a string, a boolean or an array of byte values");
  query.params = std::move(params->items);
  return query;
}

std::vector<D1Query> queries_of(Json body) {
  if (Json* batch = body.find("batch")) {
    std::vector<D1Query> queries;
    if (!batch->is(Json::Kind::array)) throw d1_invalid("Invalid property: batch => expected an array");
    for (Json& item : batch->items) queries.push_back(query_of(item));
    return queries;
  }
  return d1_queries(std::move(body), "sql");
}

Reply run(Account& account, Request& request, D1Format format) {
  const auto database = d1_database(account, request);
  const std::vector<D1Query> queries = queries_of(d1_body(request));
  // As over HTTP, a reply that goes to a sink has no limit.
  constexpr auto unlimited = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t reply_limit = request.http().sink ? unlimited : request.http().reply_limit;
  const auto lock = database->lock();
  return ok(database->engine.run(queries, format, reply_limit));
}

}  // namespace

std::vector<D1Query> d1_queries(Json body, std::string_view name) {
  std::vector<D1Query> queries;
  D1Query only = query_of(body, name);
  std::vector<std::string> statements = ops::split_sql(only.sql);
  if (statements.size() > 1 && !only.params.empty())
    throw d1_invalid("params with multiple statements is not supported");
  if (statements.size() <= 1)
    queries.push_back(std::move(only));
  else
    for (std::string& sql : statements) queries.push_back({.sql = std::move(sql)});
  return queries;
}

Reply d1_query(Account& account, Request& request) { return run(account, request, D1Format::objects); }

Reply d1_raw(Account& account, Request& request) { return run(account, request, D1Format::rows); }

}  // namespace cloudflare::local
