#include <cloudflare/limits.hpp>

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "base/encode.hpp"
#include "local/vectorize/handlers.hpp"

namespace cloudflare::local {

namespace {

constexpr int default_count = 100;

// Where a listing continues.
struct Place {
  std::string name{};
  VectorListing listing{};
  std::size_t at = 0;
};

// Cursors are "<name of the listing>-<position>".
Place find_place(Account& account, const StoredIndex& index, const std::string& cursor) {
  const ApiError broken = vectorize_error(40052, "the cursor is corrupted or has expired");
  const std::size_t dash = cursor.find('-');
  if (dash == std::string::npos) throw broken;
  const auto at = parse_integer(std::string_view(cursor).substr(dash + 1));
  auto listing = account.vectorize.find(cursor.substr(0, dash));
  if (!listing || listing->index != index.record().number || !at || *at < 0 ||
      std::cmp_greater(*at, listing->ids->size()))
    throw broken;
  return {cursor.substr(0, dash), *std::move(listing), static_cast<std::size_t>(*at)};
}

}  // namespace

std::vector<std::string> vectorize_ids(const Json& body, std::size_t most) {
  const Json* ids = body.find("ids");
  if (ids == nullptr || !ids->is(Json::Kind::array) || ids->items.empty())
    throw vectorize_error(40026, "invalid request body: ids must be an array of at least one id");
  if (ids->items.size() > most)
    throw vectorize_error(
        40007, "too many ids; max is " + std::to_string(most) + ", got " + std::to_string(ids->items.size()));
  std::vector<std::string> found;
  std::unordered_set<std::string_view> seen;
  for (const Json& id : ids->items) {
    if (!id.is(Json::Kind::string)) throw vectorize_error(40026, "invalid request body: each id must be a string");
    vectorize_check_id(id.string);
    if (seen.insert(id.string).second) found.push_back(id.string);
  }
  return found;
}

std::string vectorize_found(StoredIndex& index, const std::vector<std::string>& ids) {
  return index.read([&](const VectorTable& table) {
    std::string result = "[";
    for (const std::string& id : ids) {
      const auto row = table.find(id);
      if (!row) continue;
      std::string values;
      detail::append_floats(values, {table.values(*row), table.dimensions()});
      ObjectWriter one;
      one.text("id", id).raw("values", values);
      if (const std::string metadata = index.metadata(id); !metadata.empty()) one.raw("metadata", metadata);
      if (const std::uint32_t ns = table.ns(*row); ns != 0) one.text("namespace", table.ns_name(ns));
      result.append(result.size() > 1 ? "," : "").append(std::move(one).take());
    }
    return result + "]";
  });
}

std::string vectorize_erase(StoredIndex& index, std::vector<std::string> ids) {
  StoredMutation mutation{.kind = StoredMutation::Kind::erase};
  for (std::string& id : ids) mutation.vectors.push_back({.id = std::move(id)});
  return vectorize_accept(index, std::move(mutation));
}

Reply vectorize_get_by_ids(Account& account, Request& request) {
  const auto index = vectorize_index(account, request);
  return ok(vectorize_found(*index, vectorize_ids(vectorize_body(request), limits::vectorize_get_ids)));
}

Reply vectorize_delete_by_ids(Account& account, Request& request) {
  const auto index = vectorize_index(account, request);
  return vectorize_accepted(
      vectorize_erase(*index, vectorize_ids(vectorize_body(request), limits::vectorize_erase_ids)));
}

Reply vectorize_list_vectors(Account& account, Request& request) {
  const auto index = vectorize_index(account, request);
  const auto refuse = [](std::string text) { return vectorize_error(40026, std::move(text)); };
  const auto count =
      static_cast<std::size_t>(whole_number(request, "count", 1, limits::vectorize_list_max, default_count, refuse));
  Place place;
  if (const std::string* cursor = request.query("cursor"); cursor != nullptr && !cursor->empty()) {
    place = find_place(account, *index, *cursor);
  } else {
    place.listing = {.index = index->record().number, .ids = index->ids()};
    if (place.listing.ids->size() > count) place.name = account.vectorize.keep(place.listing);
  }
  const std::vector<std::string>& ids = *place.listing.ids;
  const std::size_t end = std::min(place.at + count, ids.size());
  std::string vectors = "[";
  for (std::size_t i = place.at; i < end; ++i) {
    ObjectWriter one;
    one.text("id", ids[i]);
    vectors.append(vectors.size() > 1 ? "," : "").append(std::move(one).take());
  }
  ObjectWriter result;
  result.number("count", static_cast<std::int64_t>(end - place.at));
  result.number("totalCount", static_cast<std::int64_t>(ids.size()));
  result.boolean("isTruncated", end < ids.size());
  if (end < ids.size()) {
    const std::chrono::sys_seconds expires{std::chrono::seconds(place.listing.expires)};
    result.text("nextCursor", place.name + "-" + std::to_string(end));
    result.text("cursorExpirationTimestamp", cloudflare::detail::format_rfc3339(expires));
  } else {
    result.raw("nextCursor", "null").raw("cursorExpirationTimestamp", "null");
  }
  result.raw("vectors", vectors + "]");
  return ok(std::move(result).take());
}

}  // namespace cloudflare::local
