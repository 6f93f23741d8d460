#include <limits>

#include "base/json_in.hpp"
#include "local/d1/handlers.hpp"
#include "local/edgebase/handlers.hpp"

namespace cloudflare::local {

namespace {

// The part of the engine's last result that EdgeBase passes on.
std::string last_result(const std::string& results) {
  const simdjson::padded_string text = cloudflare::detail::padded(results);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document = cloudflare::detail::indexed(parser, text);
  std::string_view rows = "[]";
  Json meta;
  for (auto result : document.get_array()) {
    for (auto field : result.get_object()) {
      const std::string_view name = field.unescaped_key();
      simdjson::ondemand::value value = field.value();
      if (name == "results")
        rows = value.get_array().value().raw_json();
      else if (name == "meta")
        meta = read_json(value);
    }
  }
  ObjectWriter told;
  for (const std::string_view name : {"changes", "duration", "rows_read", "rows_written"})
    if (const Json* value = meta.find(name)) told.raw(name, to_text(*value));
  ObjectWriter reply;
  reply.raw("results", rows).raw("meta", std::move(told).take());
  return std::move(reply).take();
}

}  // namespace

void edgebase_check_d1(const EdgeBaseCall& call) {
  edgebase_check_kind(call, "query", Json::Kind::string);
  edgebase_check_kind(call, "params", Json::Kind::array);
  (void)call.text("query");
}

std::string edgebase_d1(Account& account, const EdgeBaseResources& known, EdgeBaseCall call) {
  const auto record = account.d1.registry().find(known.databases.at(call.name), false);
  if (!record) throw EdgeBaseRefusal{500, "The binding of D1 database '" + call.name + "' is not there."};
  const auto database = account.d1.open(record->uuid);
  try {
    const std::vector<D1Query> queries = d1_queries(std::move(call.body), "query");
    const auto lock = database->lock();
    return last_result(database->engine.run(queries, D1Format::objects, std::numeric_limits<std::uint64_t>::max()));
  } catch (const ApiError& error) {
    throw EdgeBaseRefusal{error.status,
                          "The query on D1 database '" + call.name + "' failed: D1_ERROR: " + error.message};
  }
}

}  // namespace cloudflare::local
