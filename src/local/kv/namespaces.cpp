#include <cloudflare/limits.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include "local/kv/handlers.hpp"

namespace cloudflare::local {

namespace {

constexpr std::size_t title_body_limit = 1 << 20;
constexpr std::array<std::string_view, 3> kv_jurisdictions{"eu", "fedramp", "us"};

std::string to_json(const KvNamespaceRecord& record) {
  ObjectWriter out;
  out.text("id", record.id).text("title", record.title).boolean("supports_url_encoding", true);
  if (!record.jurisdiction.empty()) out.text("jurisdiction", record.jurisdiction);
  return std::move(out).take();
}

Json title_body(Request& request, std::string_view operation) {
  const auto body = request.body(title_body_limit);
  JsonProblem problem{};
  auto json = body ? parse_json(*body, &problem) : std::nullopt;
  if (!json) throw kv_error(400, 10012, operation, to_text(problem));
  return *std::move(json);
}

std::string title_of(const Json& body, std::string_view operation) {
  const Json* title = body.find("title");
  if (title == nullptr || !title->is(Json::Kind::string) || title->string.empty())
    throw kv_error(400, 10019, operation, "a namespace title is required");
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  const auto chars = title->string.size() -
                     static_cast<std::size_t>(std::count_if(title->string.begin(), title->string.end(), continues));
  if (chars > limits::kv_title_chars) throw kv_error(400, 10021, operation, "the title is longer than 512 characters");
  return title->string;
}

// The code of this refusal is a guess; no public record has one.
std::string jurisdiction_of(const Json& body, std::string_view operation) {
  const Json* found = body.find("jurisdiction");
  if (found == nullptr) return {};
  if (!found->is(Json::Kind::string) ||
      std::find(kv_jurisdictions.begin(), kv_jurisdictions.end(), found->string) == kv_jurisdictions.end())
    throw kv_error(400, 10021, operation, "the jurisdiction must be eu, fedramp or us");
  return found->string;
}

void check(NamespaceStore::TitleResult result, std::string_view operation) {
  if (result == NamespaceStore::TitleResult::taken)
    throw kv_error(400, 10014, operation, "a namespace with this account ID and title already exists");
  if (result == NamespaceStore::TitleResult::too_many)
    throw kv_error(400, 10011, operation, "the account has reached its limit of 1000 namespaces");
}

}  // namespace

Reply kv_list_namespaces(Account& account, Request& request) {
  const auto refuse = [](std::string text) { return ApiError{.code = 10011, .message = std::move(text)}; };
  const auto choice = [&](std::string_view name, std::string_view usual, std::string_view other) {
    const std::string* text = request.query(name);
    if (text == nullptr || *text == usual) return false;
    if (*text == other) return true;
    throw refuse(std::string(name) + " must be " + std::string(usual) + " or " + std::string(other) + ", not " + *text);
  };
  const std::int64_t page = whole_number(request, "page", 1, std::numeric_limits<std::int32_t>::max(), 1, refuse);
  const std::int64_t per_page = whole_number(request, "per_page", 1, limits::namespaces_per_page_max, 20, refuse);
  const auto found = account.kv.list({.by_title = choice("order", "id", "title"),
                                      .descending = choice("direction", "asc", "desc"),
                                      .limit = per_page,
                                      .offset = (page - 1) * per_page});
  const std::int64_t total = account.kv.count();
  std::string result = "[";
  for (const KvNamespaceRecord& record : found) result.append(result.size() > 1 ? "," : "").append(to_json(record));
  result += ']';
  ObjectWriter info;
  info.number("page", page).number("per_page", per_page);
  info.number("count", static_cast<std::int64_t>(found.size())).number("total_count", total);
  info.number("total_pages", (total + per_page - 1) / per_page);
  return ok(result, {.result_info = std::move(info).take()});
}

Reply kv_create_namespace(Account& account, Request& request) {
  constexpr std::string_view operation = "create namespace";
  const Json body = title_body(request, operation);
  const KvNamespaceRecord record{
      .id = random_hex(16), .title = title_of(body, operation), .jurisdiction = jurisdiction_of(body, operation)};
  check(account.kv.create(record), operation);
  return ok(to_json(record));
}

Reply kv_get_namespace(Account& account, Request& request) {
  return ok(to_json(kv_namespace(account, request, "get namespace")));
}

Reply kv_rename_namespace(Account& account, Request& request) {
  constexpr std::string_view operation = "rename namespace";
  KvNamespaceRecord record = kv_namespace(account, request, operation);
  record.title = title_of(title_body(request, operation), operation);
  check(account.kv.rename(record.id, record.title), operation);
  return ok(to_json(record));
}

Reply kv_remove_namespace(Account& account, Request& request) {
  account.kv.remove(kv_namespace(account, request, "remove namespace").number);
  return ok("null");
}

}  // namespace cloudflare::local
