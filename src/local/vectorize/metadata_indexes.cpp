#include <cloudflare/limits.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "local/vectorize/handlers.hpp"
#include "vectorize/rules.hpp"

namespace cloudflare::local {

namespace {

// In the order of PropertyType.
constexpr std::array<std::string_view, 3> type_names{"string", "number", "boolean"};

// alchemy-run/distilled pull request 308 saw code 40005, and that creating the same index twice succeeds.
constexpr int no_metadata_index = 40005;

ApiError wrong_property(std::string text) {
  return vectorize_error(40026, "invalid metadata index: " + std::move(text));
}

auto find_property(const std::vector<PropertyIndex>& indexes, const std::string& property) {
  return std::find_if(indexes.begin(), indexes.end(), [&](const PropertyIndex& i) { return i.property == property; });
}

// A path into metadata: keys with dots between them.
void check_property(std::string_view property) {
  for (std::string_view rest = property;;) {
    const std::size_t dot = rest.find('.');
    if (!cloudflare::detail::is_metadata_key(rest.substr(0, dot)))
      throw wrong_property("propertyName \"" + std::string(property.substr(0, 64)) + "\" cannot be a key of metadata");
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (cloudflare::detail::count_characters(property) > limits::vectorize_filter_key_chars)
    throw wrong_property("propertyName must have at most 512 characters");
}

}  // namespace

Reply vectorize_create_metadata_index(Account& account, Request& request) {
  const auto index = vectorize_index(account, request);
  const Json body = vectorize_body(request);
  PropertyIndex added{.property = vectorize_text(body, "propertyName")};
  check_property(added.property);
  const auto type = std::find(type_names.begin(), type_names.end(), vectorize_text(body, "indexType"));
  if (type == type_names.end()) throw wrong_property("indexType must be string, number or boolean");
  added.type = static_cast<PropertyType>(type - type_names.begin());
  const auto check = [&added](const VectorTable&, const std::vector<PropertyIndex>& indexes) {
    if (const auto same = find_property(indexes, added.property); same != indexes.end()) {
      if (same->type == added.type) return;
      throw wrong_property("\"" + added.property + "\" is indexed as another type");
    }
    if (indexes.size() >= limits::vectorize_metadata_indexes)
      throw wrong_property("the index already has 10 metadata indexes");
  };
  return vectorize_submit(*index, {.kind = StoredMutation::Kind::add_metadata_index, .metadata_index = added}, check);
}

Reply vectorize_list_metadata_indexes(Account& account, Request& request) {
  return vectorize_index(account, request)->read([](const VectorTable& table) {
    std::string list = "[";
    for (const PropertyColumn& column : table.columns()) {
      ObjectWriter one;
      one.text("propertyName", column.index.property);
      one.text("indexType", type_names.at(static_cast<std::size_t>(column.index.type)));
      list.append(list.size() > 1 ? "," : "").append(std::move(one).take());
    }
    ObjectWriter result;
    result.raw("metadataIndexes", list + "]");
    return ok(std::move(result).take());
  });
}

Reply vectorize_remove_metadata_index(Account& account, Request& request) {
  const auto index = vectorize_index(account, request);
  const Json body = vectorize_body(request);
  const PropertyIndex removed{.property = vectorize_text(body, "propertyName")};
  const auto check = [&removed](const VectorTable&, const std::vector<PropertyIndex>& indexes) {
    if (find_property(indexes, removed.property) == indexes.end())
      throw vectorize_error(no_metadata_index, "there is no metadata index on \"" + removed.property + "\"");
  };
  return vectorize_submit(*index, {.kind = StoredMutation::Kind::remove_metadata_index, .metadata_index = removed},
                          check);
}

}  // namespace cloudflare::local
