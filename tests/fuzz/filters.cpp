// Filters and the store's JSON. What the client accepts the store accepts, and both select the same vectors.

#include <cloudflare/vectorize.hpp>
#include <nlohmann/json.hpp>

#include <limits>
#include <optional>
#include <vector>

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

cf::vectorize::FilterValue value_of(fuzz::Input& in) {
  switch (in.below(7)) {
    case 0: return nullptr;
    case 1: return in.below(2) == 1;
    case 2: return static_cast<int>(in.byte());
    case 3: return in.byte() / 8.0;
    case 4: return 1LL << in.below(63);
    case 5: return in.below(2) == 1 ? std::numeric_limits<double>::quiet_NaN() : 1e300;
    default: return in.text();
  }
}

// A filter of up to four conditions, made as a program makes it.
cf::vectorize::Filter filter_of(fuzz::Input& in) {
  cf::vectorize::Filter filter;
  const std::size_t conditions = 1 + in.below(4);
  for (std::size_t i = 0; i < conditions; ++i) {
    const std::size_t name = in.below(5);
    const cf::vectorize::Field field(name == 4 ? in.text() : std::string(1, static_cast<char>('a' + name)));
    const auto value = value_of(in);
    switch (in.below(10)) {
      case 0: filter = filter && (field == value); break;
      case 1: filter = filter && (field != value); break;
      case 2: filter = filter && (field < value); break;
      case 3: filter = filter && (field <= value); break;
      case 4: filter = filter && (field > value); break;
      case 5: filter = filter && (field >= value); break;
      case 6: filter = filter && field.in({value, value_of(in)}); break;
      case 7: filter = filter && field.not_in({value, value_of(in)}); break;
      case 8: filter = filter && field.in(std::vector{value}) && field.not_in(std::vector{value}); break;
      default: filter = filter && cf::vectorize::Filter(cf::JsonText::raw(in.text()));
    }
  }
  return filter;
}

// Metadata indexes of the properties a to d, with any types.
std::vector<cf::vectorize::MetadataIndex> indexes_of(fuzz::Input& in) {
  using cf::vectorize::MetadataType;
  std::vector<cf::vectorize::MetadataIndex> indexes;
  for (const char* property : {"a", "b", "c", "d"})
    if (const std::size_t type = in.below(5); type != 4)
      indexes.push_back({property, type == 3 ? std::optional<MetadataType>() : static_cast<MetadataType>(type)});
  return indexes;
}

}  // namespace

FUZZ_TARGET(filters) {
  cf::vectorize::QueryOptions options;
  // JSON does not begin with these bytes.
  const std::string first = in.text();
  if (first == "\x01" || first == "\x02") {
    options.filter = filter_of(in);
    if (first == "\x02") options.metadata_indexes = indexes_of(in);
  } else {
    options.filter = cf::vectorize::Filter(cf::JsonText::raw(first));
  }
  const std::string text = options.filter.text();
  const std::string sent = in.rest();  // the store keeps metadata as it was sent
  const auto metadata = local::parse_json(sent);
  (void)cf::ops::check_filter(options, false);
  if (text.empty()) return;
  const auto filter = local::parse_json(text);
  if (cf::ops::check_filter(options, true)) {
    if (!filter) return;
    try {  // the store accepts it, or says why not
      const local::StoreFilter bound(*filter, local::VectorTable(1));
    } catch (const local::ApiError&) {
    }
    return;
  }
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
  const std::string indexed = local::indexed_metadata(table, 0);
  require(indexed.empty() || local::parse_json(indexed).has_value(), "indexed metadata is JSON", indexed);
  try {
    const bool stored = local::StoreFilter(*filter, table).passes(0);
    const bool matched = cf::ops::FilterMatcher(options.filter).passes(cf::JsonText::raw(sent));
    require(stored == matched, "client and store select the same vectors", text + " of " + sent);
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
    if (problem == local::JsonProblem::malformed && text.size() < 10'000 && !text.starts_with("\xEF\xBB\xBF") &&
        text.find_first_of(std::string_view("\0000123456789", 11)) == std::string::npos)
      require(!nlohmann::json::accept(text), "JSON that others read is read", text);
    return;
  }
  require(nlohmann::json::accept(text) || text.find_first_of("eE0123456789") != std::string::npos,
          "what is read is JSON", text);
  const std::string written = local::to_text(*json);
  const auto again = local::parse_json(written);
  require(again && local::to_text(*again) == written, "JSON is written as it was read", written);

  local::ObjectWriter object;
  object.number("number", static_cast<std::int64_t>(text.size())).text("text", "a \"text\"").raw("value", written);
  const auto read = local::parse_json(std::move(object).take());
  if (!read) return;  // one level too deep, or a value too many
  require(read->find("none") == nullptr && read->find("text")->string == "a \"text\"", "members are found by name");
  require(local::to_text(*read->find("value")) == written, "a value is written into an object as it is", written);
}
