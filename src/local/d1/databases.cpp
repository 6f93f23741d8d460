#include <cloudflare/limits.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/encode.hpp"
#include "local/d1/errors.hpp"
#include "local/d1/handlers.hpp"

namespace cloudflare::local {

namespace {

constexpr std::array<std::string_view, 3> jurisdictions{"eu", "fedramp", "us"};
constexpr std::array<std::string_view, 6> hints{"wnam", "enam", "weur", "eeur", "apac", "oc"};
constexpr std::array<std::string_view, 2> modes{"auto", "disabled"};

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

bool is_name(std::string_view text) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '_' || c == '-'; });
}

// The text of an optional member that must be one of `allowed`; empty if it is absent.
template <std::size_t N>
std::string choice(const Json& object, std::string_view name, const std::array<std::string_view, N>& allowed) {
  const Json* value = object.find(name);
  if (value == nullptr) return {};
  if (value->is(Json::Kind::string) && std::find(allowed.begin(), allowed.end(), value->string) != allowed.end())
    return value->string;
  std::string list;
  for (const std::string_view one : allowed) list.append(list.empty() ? "" : " | ").append(one);
  throw d1_invalid("Invalid property: " + std::string(name) + " => expected one of " + list);
}

// The mode of `read_replication`; empty if there is none.
std::string replication_mode(const Json& body) {
  const Json* replication = body.find("read_replication");
  if (replication == nullptr) return {};
  if (!replication->is(Json::Kind::object) || replication->find("mode") == nullptr)
    throw d1_invalid("Invalid property: read_replication.mode => Required");
  return choice(*replication, "mode", modes);
}

StoredDatabase::Sizes sizes_of(Account& account, const D1Record& record) {
  const auto database = account.d1.open_if_used(record.uuid);
  return database ? database->sizes() : StoredDatabase::Sizes();
}

using Members = std::vector<std::pair<std::string, std::string>>;  // names and JSON texts

std::string text_json(std::string_view text) {
  std::string out;
  cloudflare::detail::append_json_string(out, text);
  return out;
}

Members members_of(Account& account, const D1Record& record) {
  const StoredDatabase::Sizes sizes = sizes_of(account, record);
  return {{"uuid", text_json(record.uuid)},
          {"name", text_json(record.name)},
          {"created_at", text_json(record.created_at)},
          {"version", R"("production")"},
          {"jurisdiction", record.jurisdiction.empty() ? "null" : text_json(record.jurisdiction)},
          {"num_tables", std::to_string(sizes.tables)},
          {"file_size", std::to_string(sizes.bytes)}};
}

Members details_of(Account& account, const D1Record& record, const char* region) {
  Members members = members_of(account, record);
  members.emplace_back(region, R"("WEUR")");
  members.emplace_back("read_replication", R"({"mode":)" + text_json(record.replication) + "}");
  return members;
}

std::string to_json(const Members& members) {
  ObjectWriter out;
  for (const auto& [name, json] : members) out.raw(name, json);
  return std::move(out).take();
}

ApiError not_found(const std::string& id) {
  return {.status = 404, .code = 7404, .message = "The database " + id + " could not be found"};
}

Reply set_replication(Account& account, D1Record record, const std::string& mode) {
  account.d1.registry().set_replication(record.uuid, mode);
  record.replication = mode;
  return ok(to_json(details_of(account, record, "running_in_region")));
}

}  // namespace

Json d1_body(Request& request) {
  const auto body = request.body(d1_query_bytes);
  if (!body) throw ApiError{.status = 413, .code = 7400, .message = "The request is too large", .bare = true};
  JsonProblem problem{};
  auto json = parse_json(*body, &problem);
  if (!json) throw d1_invalid("The request is malformed: " + to_text(problem));
  if (!json->is(Json::Kind::object)) throw d1_invalid("The request is malformed: expected an object");
  return *std::move(json);
}

D1Record d1_record(Account& account, const Request& request) {
  const std::string& id = request.captured.at(1);
  if (auto found = account.d1.registry().find(id, false)) return *std::move(found);
  if (!is_uuid(id)) throw d1_invalid("Invalid property: databaseId => Invalid uuid");
  throw not_found(id);
}

std::shared_ptr<StoredDatabase> d1_database(Account& account, const Request& request) {
  return account.d1.open(d1_record(account, request).uuid);
}

Reply d1_list_databases(Account& account, Request& request) {
  const auto refuse = [](std::string text) { return d1_invalid(std::move(text)); };
  const std::int64_t page = whole_number(request, "page", 1, std::numeric_limits<std::int32_t>::max(), 1, refuse);
  const std::int64_t per_page = whole_number(request, "per_page", 10, 10'000, 100, refuse);
  const std::string* name = request.query("name");
  const std::string_view search = name == nullptr ? std::string_view() : *name;
  const auto found = account.d1.registry().list(search, per_page, (page - 1) * per_page);
  std::string result = "[";
  for (const D1Record& record : found)
    result.append(result.size() > 1 ? "," : "").append(to_json(members_of(account, record)));
  result += ']';
  ObjectWriter info;
  info.number("page", page).number("per_page", per_page).number("count", static_cast<std::int64_t>(found.size()));
  info.number("total_count", account.d1.registry().count(search));
  return ok(result, {.result_info = std::move(info).take()});
}

Reply d1_create_database(Account& account, Request& request) {
  const Json body = d1_body(request);
  const Json* name = body.find("name");
  if (name == nullptr || !is_name(name->string)) throw d1_invalid("Invalid property: name => Invalid");
  D1Record record{.uuid = random_uuid(),
                  .name = name->string,
                  .created_at = cloudflare::detail::format_rfc3339(account.clock->wall()),
                  .jurisdiction = choice(body, "jurisdiction", jurisdictions)};
  (void)choice(body, "primary_location_hint", hints);
  if (const std::string mode = replication_mode(body); !mode.empty()) record.replication = mode;
  switch (account.d1.registry().create(record)) {
    case D1Registry::CreateResult::taken:
      throw ApiError{.code = 7502, .message = "Database with name '" + record.name + "' already exists"};
    case D1Registry::CreateResult::too_many:
      throw ApiError{.code = 7406, .message = "The account has reached its limit of 50000 databases"};
    case D1Registry::CreateResult::done: break;
  }
  D1History::begin(account.d1.registry(), record.uuid, *account.clock);
  return ok(to_json(details_of(account, record, "created_in_region")));
}

Reply d1_get_database(Account& account, Request& request) {
  const std::string& id = request.captured.at(1);
  auto record = account.d1.registry().find(id, false);
  if (!record) record = account.d1.registry().find(id, true);
  if (!record) throw not_found(id);
  Members members = details_of(account, *record, "running_in_region");
  if (const std::string* fields = request.query("fields")) {
    const std::string wanted = "," + *fields + ",";
    std::erase_if(members, [&](const auto& m) { return wanted.find("," + m.first + ",") == std::string::npos; });
  }
  return ok(to_json(members));
}

Reply d1_update_database(Account& account, Request& request) {
  const D1Record record = d1_record(account, request);
  const std::string mode = replication_mode(d1_body(request));
  if (mode.empty()) throw d1_invalid("Invalid property: read_replication => Required");
  return set_replication(account, record, mode);
}

Reply d1_patch_database(Account& account, Request& request) {
  const D1Record record = d1_record(account, request);
  const std::string mode = replication_mode(d1_body(request));
  if (mode.empty()) throw d1_sql_error("No fields to update");
  return set_replication(account, record, mode);
}

Reply d1_remove_database(Account& account, Request& request) {
  const D1Record record = d1_record(account, request);
  account.d1.transfers().forget(record.uuid);
  account.d1.remove(record.uuid);
  return ok("null");
}

}  // namespace cloudflare::local
