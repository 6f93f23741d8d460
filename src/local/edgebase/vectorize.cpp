#include <limits>

#include "local/edgebase/handlers.hpp"
#include "local/vectorize/handlers.hpp"

namespace cloudflare::local {

namespace {

using Kind = Json::Kind;

void check_dimensions(const Json& values, std::size_t expected) {
  const std::size_t got = values.is(Kind::array) ? values.items.size() : 0;
  if (got != expected)
    throw EdgeBaseRefusal{
        400, "the vector has " + std::to_string(got) + " dimensions, expected " + std::to_string(expected)};
}

const Json& list(const EdgeBaseCall& call, std::string_view member) {
  const Json* value = call.find(member);
  if (value == nullptr || value->items.empty())
    throw EdgeBaseRefusal{400, "'" + std::string(member) + "' is required and must not be empty."};
  return *value;
}

void check_vectors(const EdgeBaseCall& call, std::size_t dimensions) {
  const Json none;
  for (const Json& vector : list(call, "vectors").items) {
    const Json* values = vector.find("values");
    check_dimensions(values != nullptr ? *values : none, dimensions);
  }
}

void check_query(const EdgeBaseCall& call, std::size_t dimensions) {
  const Json* top_k = call.find("topK");
  if (top_k != nullptr && !(top_k->number >= 1 && top_k->number <= 100))
    throw EdgeBaseRefusal{400, "'topK' must be from 1 to 100."};
  if (call.action == "queryById")
    (void)call.text("vectorId");
  else
    check_dimensions(list(call, "vector"), dimensions);
}

// The vectors as lines of ndjson, each in its own namespace or in that of the request.
std::string lines_of(const EdgeBaseCall& call) {
  std::string lines;
  const Json* ns = call.find("namespace");
  for (Json vector : call.find("vectors")->items) {
    const Json* own = vector.find("namespace");
    const bool in_default = ns != nullptr && (own == nullptr || own->string.empty());
    if (in_default) vector.members.emplace_back("namespace", *ns);
    append_json(lines, vector);
    lines += '\n';
  }
  return lines;
}

std::string accepted(std::size_t count, const std::string& mutation) {
  ObjectWriter reply;
  reply.boolean("ok", true).number("count", static_cast<std::int64_t>(count)).text("mutationId", mutation);
  return std::move(reply).take();
}

// The query in v4's form, which has another default for topK and words in place of returnMetadata's booleans.
Json query_of(Json body) {
  if (body.find("topK") == nullptr) body.members.emplace_back("topK", Json{.kind = Kind::number, .number = 10});
  for (auto& [name, value] : body.members)
    if (name == "returnMetadata" && value.is(Kind::boolean))
      value = Json{.kind = Kind::string, .string = value.boolean ? "all" : "none"};
  return body;
}

// Without a binding each action gives an empty answer, marked with _stub.
std::string stub(const EdgeBaseCall& call, const EdgeBaseResources::Index& index) {
  ObjectWriter reply;
  if (call.action == "search" || call.action == "queryById") {
    reply.raw("matches", "[]").number("count", 0);
  } else if (call.action == "getByIds") {
    reply.raw("vectors", "[]");
  } else if (call.action == "describe") {
    reply.number("vectorCount", 0).number("dimensions", static_cast<std::int64_t>(index.dimensions));
    reply.text("metric", name_of(index.metric));
  } else {
    reply.boolean("ok", true).number("count", 0).raw("mutationId", "null");
  }
  reply.boolean("_stub", true).text("_warning", "There is no Vectorize here.");
  return std::move(reply).take();
}

}  // namespace

void edgebase_check_vectorize(const EdgeBaseCall& call) {
  for (const std::string_view member : {"vectors", "vector", "ids"}) edgebase_check_kind(call, member, Kind::array);
  for (const std::string_view member : {"vectorId", "namespace"}) edgebase_check_kind(call, member, Kind::string);
  edgebase_check_kind(call, "topK", Kind::number);
  edgebase_check_kind(call, "filter", Kind::object);
  edgebase_check_kind(call, "returnValues", Kind::boolean);
}

std::string edgebase_vectorize(Account& account, const EdgeBaseResources& known, EdgeBaseCall call) {
  const EdgeBaseResources::Index& declared = known.indexes.at(call.name);
  const bool stores = call.action == "upsert" || call.action == "insert";
  const bool searches = call.action == "search" || call.action == "queryById";
  const bool by_ids = call.action == "getByIds" || call.action == "delete";
  if (stores) check_vectors(call, declared.dimensions);
  if (searches) check_query(call, declared.dimensions);
  if (by_ids) (void)list(call, "ids");

  const auto index = account.vectorize.open(call.name);
  if (!index) return stub(call, declared);
  if (stores) {
    const auto kind = call.action == "upsert" ? StoredMutation::Kind::upsert : StoredMutation::Kind::insert;
    return accepted(call.find("vectors")->items.size(), vectorize_store(*index, kind, lines_of(call), false));
  }
  if (searches) return vectorize_matches(*index, query_of(std::move(call.body)));
  if (by_ids) {
    std::vector<std::string> ids = vectorize_ids(call.body, std::numeric_limits<std::size_t>::max());
    if (call.action == "delete") {
      const std::size_t count = ids.size();
      return accepted(count, vectorize_erase(*index, std::move(ids)));
    }
    ObjectWriter reply;
    reply.raw("vectors", vectorize_found(*index, ids));
    return std::move(reply).take();
  }
  ObjectWriter info = vectorize_describe(*index);
  info.text("metric", name_of(index->record().metric));
  return std::move(info).take();
}

}  // namespace cloudflare::local
