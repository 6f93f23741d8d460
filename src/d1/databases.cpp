// The operations on the account's databases.

#include <array>

#include "d1/common.hpp"
#include "engine/find.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;

constexpr std::array<std::string_view, 3> jurisdictions{"eu", "fedramp", "us"};
constexpr std::array<std::string_view, 6> locations{"wnam", "enam", "weur", "eeur", "apac", "oc"};

std::string_view mode_name(d1::ReadReplication mode) {
  return mode == d1::ReadReplication::automatic ? "auto" : "disabled";
}

d1::Database read_database(json::object object) {
  d1::Database database;
  const auto text = [](json::value v) { return v.is_null() ? std::string() : detail::string(v); };
  const auto whole = [](json::value v) { return v.is_null() ? std::nullopt : std::optional(detail::integer(v)); };
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    json::value value = field.value();
    if (name == "uuid")
      database.uuid = text(value);
    else if (name == "name")
      database.name = text(value);
    else if (name == "created_at")
      database.created_at = detail::parse_rfc3339(text(value));
    else if (name == "version")
      database.version = text(value);
    else if (name == "file_size")
      database.file_size = whole(value);
    else if (name == "num_tables")
      database.num_tables = whole(value);
    else if (name == "jurisdiction")
      database.jurisdiction = text(value);
    else if (name == "running_in_region")
      database.running_in_region = text(value);
    else if (name == "created_in_region")
      database.created_in_region = text(value);
    else if (name == "read_replication")
      detail::each_member(value, [&](std::string_view part, json::value mode) {
        if (part != "mode" || mode.type() != json::json_type::string) return;
        const std::string_view word = mode.get_string();
        if (word == "auto") database.read_replication = d1::ReadReplication::automatic;
        if (word == "disabled") database.read_replication = d1::ReadReplication::disabled;
      });
  }
  return database;
}

Result<d1::Database> read_one(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the database",
                           [](json::document& document) { return read_database(document.get_object()); });
}

Result<d1::DatabasePage> read_database_page(Reply&& reply, int page_number, int per_page) {
  auto page = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the list of databases",
                                [](json::document& document) {
                                  d1::DatabasePage list;
                                  for (auto item : document.get_array())
                                    list.databases.push_back(read_database(item.get_object()));
                                  return list;
                                });
  if (!page) return page;
  auto info = detail::read_result_info(reply);
  if (!info) return info.error();
  page->info = info->info;
  page->cursor = detail::next_page(page->info, page_number, per_page, page->databases.size());
  return page;
}

// Cloudflare API reference, "Create D1 database": ^[a-zA-Z0-9][a-zA-Z0-9_-]*$
std::optional<Error> check_name(std::string_view name) {
  if (!name.empty() && detail::is_id(name) && name.front() != '_' && name.front() != '-') return std::nullopt;
  return invalid_argument("the name of a database is letters, digits, _ and -, and begins with a letter or digit");
}

Call<d1::Database> set_replication(const detail::Endpoint& endpoint, const RequestContext& context, std::string_view id,
                                   d1::ReadReplication mode) {
  auto request = database_request(endpoint, context, id);
  if (request) detail::set_json(*request, R"({"read_replication":{"mode":")" + std::string(mode_name(mode)) + "\"}}");
  return {std::move(request), read_one};
}

// A 404 on a repeated removal means that an earlier attempt succeeded.
Result<void> dropped_if_repeated(Error&& error) {
  if (error.details().repeated_unknown && error.kind() == ErrorKind::not_found) return {};
  return std::move(error);
}

}  // namespace

Call<d1::Database> d1_create(const RequestContext& context, std::string_view name, const d1::CreateOptions& options) {
  auto request = detail::account_request(d1_endpoint("d1.databases.create"), context);
  if (auto error = check_name(name); request && error) request = std::move(*error);
  if (request) {
    std::string body = R"({"name":)";
    detail::append_json_string(body, name);
    const auto add = [&](std::string_view member, std::string_view word) {
      body.append(",\"").append(member).append("\":\"").append(word).append("\"");
    };
    if (options.jurisdiction) add("jurisdiction", jurisdictions.at(static_cast<std::size_t>(*options.jurisdiction)));
    if (options.primary_location_hint)
      add("primary_location_hint", locations.at(static_cast<std::size_t>(*options.primary_location_hint)));
    if (options.read_replication)
      body.append(R"(,"read_replication":{"mode":")").append(mode_name(*options.read_replication)).append("\"}");
    detail::set_json(*request, body + "}");
  }
  return {std::move(request), read_one};
}

Call<d1::Database> d1_get_database(const RequestContext& context, std::string_view id_or_name,
                                   std::span<const std::string_view> fields) {
  auto request = detail::account_request(d1_endpoint("d1.databases.get"), context, {id_or_name});
  if (auto error = check_name(id_or_name); request && error) request = std::move(*error);
  if (request && !fields.empty()) {
    std::string list;
    for (const std::string_view field : fields) list.append(list.empty() ? "" : ",").append(field);
    detail::add_query(*request, "fields", list);
  }
  return {std::move(request), read_one};
}

Call<d1::Database> d1_update(const RequestContext& context, std::string_view id, d1::ReadReplication mode) {
  return set_replication(d1_endpoint("d1.databases.update"), context, id, mode);
}

Call<d1::Database> d1_replace(const RequestContext& context, std::string_view id, d1::ReadReplication mode) {
  return set_replication(d1_endpoint("d1.databases.replace"), context, id, mode);
}

Call<void> d1_remove(const RequestContext& context, std::string_view id) {
  return {database_request(d1_endpoint("d1.databases.remove"), context, id), [](Reply&&) -> Result<void> { return {}; },
          dropped_if_repeated};
}

Call<d1::DatabasePage> d1_list_databases(const RequestContext& context, const d1::DatabaseListOptions& options) {
  auto request = detail::account_request(d1_endpoint("d1.databases.list"), context);
  const int per_page = options.per_page.value_or(limits::d1_list_default);
  const bool allowed = per_page >= limits::d1_list_min && per_page <= limits::d1_list_max;
  if (request && (per_page < 0 || (!allowed && detail::checks_limits(context))))
    request = invalid_argument("per_page is " + std::to_string(per_page) + "; 10 to 10000 are allowed");
  const auto page_number = detail::page_number(options.cursor);
  if (request && !page_number) request = invalid_argument("the cursor is not the number of a page");
  if (request && !detail::is_utf8(options.name)) request = invalid_argument("the name is not UTF-8");
  if (request) {
    if (!options.name.empty()) detail::add_query(*request, "name", options.name);
    detail::add_query(*request, "page", std::to_string(*page_number));
    detail::add_query(*request, "per_page", std::to_string(per_page));
  }
  return {std::move(request), [number = page_number.value_or(1), per_page](Reply&& reply) {
            return read_database_page(std::move(reply), number, per_page);
          }};
}

std::shared_ptr<detail::PageWalk<d1::DatabasePage>> d1_database_walk(const RequestContext& context,
                                                                     const d1::DatabaseListOptions& options) {
  auto walk = std::make_shared<detail::PageWalk<d1::DatabasePage>>();
  walk->cursor = options.cursor;
  walk->fetch = [context, options](const std::string& cursor) {
    d1::DatabaseListOptions page = options;
    page.cursor = cursor;
    return d1_list_databases(context, page);
  };
  return walk;
}

// The search text only narrows the list; the exact name decides.
FlowPtr<std::optional<d1::Database>> d1_find_database(const RequestContext& context, std::string_view name) {
  using Find = detail::Find<d1::DatabasePage, d1::Database>;
  if (auto error = check_name(name)) return std::make_unique<Find>(std::move(*error));
  return std::make_unique<Find>(d1_database_walk(context, {.name = std::string(name)}),
                                [whole = std::string(name)](const d1::Database& found) { return found.name == whole; });
}

FlowPtr<Ensured<d1::Database>> d1_ensure(const RequestContext& context, std::string_view name,
                                         const d1::CreateOptions& options) {
  const std::string_view asked =
      options.jurisdiction ? jurisdictions.at(static_cast<std::size_t>(*options.jurisdiction)) : std::string_view();
  return std::make_unique<detail::Ensure<d1::Database>>(
      [context, name = std::string(name)] { return d1_find_database(context, name); },
      d1_create(context, name, options),
      [asked](const d1::Database& found) {
        return detail::other_jurisdiction("d1.databases.ensure", found.jurisdiction, asked);
      });
}

}  // namespace cloudflare::ops
