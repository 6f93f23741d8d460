#include <cloudflare/limits.hpp>

#include <cmath>
#include <utility>

#include "base/encode.hpp"
#include "local/vectorize/handlers.hpp"
#include "local/vectorize/search.hpp"

namespace cloudflare::local {

namespace {

constexpr int default_top_k = 5;

enum class WantedMetadata : std::uint8_t { none, indexed, all };

struct Query {
  std::vector<float> vector{};
  std::string id{};  // of a stored vector, in place of `vector`
  std::size_t top_k = default_top_k;
  const std::string* ns = nullptr;
  const Json* filter = nullptr;
  bool return_values = false;
  WantedMetadata return_metadata = WantedMetadata::none;
};

ApiError wrong_query(std::string text) { return vectorize_error(40026, "invalid query: " + std::move(text)); }

// A member that is null counts as absent.
const Json* member(const Json& body, std::string_view name) {
  const Json* value = body.find(name);
  return value == nullptr || value->is(Json::Kind::null) ? nullptr : value;
}

std::vector<float> read_vector(const Json& value, std::size_t dimensions) {
  if (!value.is(Json::Kind::array)) throw wrong_query("vector must be an array of numbers");
  std::vector<float> vector;
  for (const Json& item : value.items) {
    vector.push_back(static_cast<float>(item.number));
    if (!item.is(Json::Kind::number) || !std::isfinite(vector.back()))
      throw wrong_query("vector must hold numbers within float32, and does not at position " +
                        std::to_string(vector.size() - 1));
  }
  if (vector.size() != dimensions)
    throw vectorize_error(40006, "invalid query vector, expected " + std::to_string(dimensions) +
                                     " dimensions, and got " + std::to_string(vector.size()) + " dimensions");
  return vector;
}

WantedMetadata read_return_metadata(const Json& value) {
  if (value.string == "none") return WantedMetadata::none;
  if (value.string == "indexed") return WantedMetadata::indexed;
  if (value.string == "all") return WantedMetadata::all;
  throw wrong_query("returnMetadata must be \"none\", \"indexed\" or \"all\"");
}

std::size_t read_top_k(const Json* value, bool with_data) {
  if (value == nullptr) return default_top_k;
  if (!value->is(Json::Kind::number)) throw wrong_query("topK must be a number");
  const int most = with_data ? limits::vectorize_top_k_with_data : limits::vectorize_top_k;
  if (!(value->number >= 1) || value->number > most || std::trunc(value->number) != value->number)
    throw vectorize_error(40025, "topK must be from 1 to " + std::to_string(most) +
                                     (with_data ? " with returnValues or returnMetadata \"all\"" : "") + ", not " +
                                     to_text(*value));
  return static_cast<std::size_t>(value->number);
}

Query read_query(const Json& body, std::size_t dimensions) {
  Query query;
  const Json* vector = member(body, "vector");
  const bool by_id = member(body, "vectorId") != nullptr;
  if ((vector != nullptr) == by_id) throw wrong_query("expected either vector or vectorId");
  if (by_id) {
    query.id = vectorize_text(body, "vectorId");
    vectorize_check_id(query.id);
  } else {
    query.vector = read_vector(*vector, dimensions);
  }
  if (const Json* values = member(body, "returnValues")) {
    if (!values->is(Json::Kind::boolean)) throw wrong_query("returnValues must be true or false");
    query.return_values = values->boolean;
  }
  if (const Json* metadata = member(body, "returnMetadata")) query.return_metadata = read_return_metadata(*metadata);
  query.top_k = read_top_k(member(body, "topK"), query.return_values || query.return_metadata == WantedMetadata::all);
  if (member(body, "namespace") != nullptr) {
    query.ns = &vectorize_text(body, "namespace");
    vectorize_check_namespace(*query.ns);
  }
  query.filter = member(body, "filter");
  return query;
}

std::string match_json(StoredIndex& index, const VectorTable& table, const Hit& hit, const Query& query) {
  ObjectWriter match;
  std::string text;
  append_js_number(text, hit.score);
  match.text("id", table.id(hit.row)).raw("score", text);
  if (query.return_values) {
    text.clear();
    detail::append_floats(text, {table.values(hit.row), table.dimensions()});
    match.raw("values", text);
  }
  if (query.return_metadata != WantedMetadata::none) {
    text = query.return_metadata == WantedMetadata::all ? index.metadata(table.id(hit.row))
                                                        : indexed_metadata(table, hit.row);
    if (!text.empty()) match.raw("metadata", text);
  }
  if (const std::uint32_t ns = table.ns(hit.row); ns != 0) match.text("namespace", table.ns_name(ns));
  return std::move(match).take();
}

std::vector<Hit> search(const VectorTable& table, Distance metric, const Query& query) {
  std::optional<StoreFilter> filter;
  if (query.filter != nullptr) filter.emplace(*query.filter, table);
  Selection selection{.filter = filter ? &*filter : nullptr};
  std::span<const float> vector = query.vector;
  if (!query.id.empty()) {
    const auto row = table.find(query.id);
    if (!row) throw wrong_query("there is no vector with the id \"" + query.id + "\"");
    vector = {table.values(*row), table.dimensions()};
  }
  if (query.ns != nullptr) {
    selection.ns = table.find_ns(*query.ns);
    if (!selection.ns) return {};
  }
  return nearest(table, metric, vector, query.top_k, selection, search_threads(table));
}

}  // namespace

std::string vectorize_matches(StoredIndex& index, const Json& body) {
  const Query query = read_query(body, index.record().dimensions);
  return index.read([&](const VectorTable& table) {
    const std::vector<Hit> hits = search(table, index.record().metric, query);
    std::string matches = "[";
    for (const Hit& hit : hits)
      matches.append(matches.size() > 1 ? "," : "").append(match_json(index, table, hit, query));
    ObjectWriter result;
    result.number("count", static_cast<std::int64_t>(hits.size())).raw("matches", matches + "]");
    return std::move(result).take();
  });
}

Reply vectorize_query(Account& account, Request& request) {
  const auto index = vectorize_index(account, request);
  return ok(vectorize_matches(*index, vectorize_body(request)));
}

}  // namespace cloudflare::local
