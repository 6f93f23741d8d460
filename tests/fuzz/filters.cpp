// Filters and the store's JSON. What the client accepts the store accepts, and both select the same vectors.

#include <cloudflare/vectorize.hpp>
#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "local/http/json.hpp"
#include "local/http/request.hpp"
#include "local/vectorize/filter.hpp"
#include "vectorize/common.hpp"
#include "vectorize/filter_match.hpp"

namespace {

namespace cf = cloudflare;
namespace local = cloudflare::local;
using fuzz::require;

// An index cuts strings after 64 bytes, so longer ones are left out.
bool has_long_text(const local::Json& json) {
  return json.string.size() > 64 || std::any_of(json.items.begin(), json.items.end(), has_long_text) ||
         std::any_of(json.members.begin(), json.members.end(), [](const auto& m) { return has_long_text(m.second); });
}

bool keys_are_allowed(const local::Json& metadata) {
  try {
    local::check_metadata_keys(metadata);
    return true;
  } catch (const local::ApiError&) {
    return false;
  }
}

// Whether the store's column of `property` takes the value in `metadata`, for one of the three types.
local::VectorTable table_of(const local::Json& filter, const local::Json& metadata) {
  local::VectorTable table(1);
  std::vector<local::PropertyValue> cells;
  for (const auto& [property, condition] : filter.members) {
    local::PropertyIndex index;
    index.property = property;
    for (const auto type : {local::PropertyType::string, local::PropertyType::number, local::PropertyType::boolean}) {
      index.type = type;
      if (local::cell_of(index, metadata).kind != local::PropertyValue::Kind::absent) break;
    }
    table.add_column(index);
    cells.push_back(local::cell_of(index, metadata));
  }
  const float value = 1;
  table.put("id", std::span(&value, 1), "", std::move(cells));
  return table;
}

}  // namespace

FUZZ_TARGET(filters) {
  const std::string text = in.text();
  const auto metadata = local::parse_json(in.rest());
  cf::vectorize::QueryOptions options;
  options.filter = cf::vectorize::Filter(cf::JsonText::raw(text));
  if (text.empty() || cf::ops::check_filter(options, true)) return;
  const auto filter = local::parse_json(text);
  require(filter.has_value(), "a filter that the client accepts is JSON", text);
  if (!metadata || !metadata->is(local::Json::Kind::object) || !keys_are_allowed(*metadata) ||
      has_long_text(*metadata)) {
    try {
      const local::StoreFilter bound(*filter, local::VectorTable(1));
    } catch (const local::ApiError& error) {
      require(false, "a filter that the client accepts the store accepts", text + ": " + error.message);
    }
    return;
  }
  const local::VectorTable table = table_of(*filter, *metadata);
  try {
    const bool stored = local::StoreFilter(*filter, table).passes(0);
    const bool matched = cf::ops::FilterMatcher(options.filter).passes(cf::JsonText::raw(local::to_text(*metadata)));
    require(stored == matched, "client and store select the same vectors", text + " of " + local::to_text(*metadata));
  } catch (const local::ApiError& error) {
    require(false, "a filter that the client accepts the store accepts", text + ": " + error.message);
  }
}

FUZZ_TARGET(local_json) {
  const std::string text = in.rest();
  local::JsonProblem problem{};
  const auto json = local::parse_json(text, &problem);
  if (!json) {
    (void)local::to_text(problem);
    if (problem == local::JsonProblem::malformed && text.size() < 10'000 &&
        text.find_first_of(std::string_view("\0000123456789", 11)) == std::string::npos)
      require(!nlohmann::json::accept(text), "JSON that others read is read", text);
    return;
  }
  require(nlohmann::json::accept(text) || text.find_first_of("eE0123456789") != std::string::npos,
          "what is read is JSON", text);
  const std::string written = local::to_text(*json);
  const auto again = local::parse_json(written);
  require(again && local::to_text(*again) == written, "JSON is written as it was read", written);
}
