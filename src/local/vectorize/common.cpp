#include "local/vectorize/handlers.hpp"

#include <cloudflare/limits.hpp>

#include <algorithm>
#include <utility>

namespace cloudflare::local {

namespace {

constexpr std::size_t json_body_limit = 1UL << 20;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

ApiError vectorize_error(int code, std::string message) {
  return {.status = code == 3000 ? 404 : 400, .code = code, .message = std::move(message)};
}

ApiError vectorize_removed(const std::string& name) {
  return vectorize_error(3005, "vectorize.index.deleted - Index name \"" + name + "\"");
}

std::shared_ptr<StoredIndex> vectorize_index(Account& account, const Request& request) {
  const std::string& name = request.captured.at(1);
  if (auto index = account.vectorize.open(name)) return index;
  if (account.vectorize.database().was_removed(name)) throw vectorize_removed(name);
  throw vectorize_error(3000, "vectorize.index.not_found - Index name \"" + name + "\"");
}

bool has_media_type(const Request& request, std::string_view media_type) {
  std::string_view declared = request.header("content-type");
  declared = declared.substr(0, declared.find(';'));
  while (declared.ends_with(' ')) declared.remove_suffix(1);
  return std::equal(declared.begin(), declared.end(), media_type.begin(), media_type.end(),
                    [](char a, char b) { return lower(a) == b; });
}

Json vectorize_body(Request& request) {
  if (!has_media_type(request, "application/json"))
    throw vectorize_error(40026, "invalid request body: expected content-type application/json");
  const auto body = request.body(json_body_limit);
  JsonProblem problem{};
  auto json = body ? parse_json(*body, &problem) : std::nullopt;
  if (!json && problem != JsonProblem::malformed)
    throw vectorize_error(40026, "invalid request body: " + to_text(problem));
  if (!json || !json->is(Json::Kind::object))
    throw vectorize_error(40026, "invalid request body: expected a JSON object of at most 1 MiB");
  return *std::move(json);
}

const std::string& vectorize_text(const Json& body, std::string_view name) {
  const Json* value = body.find(name);
  if (value == nullptr || !value->is(Json::Kind::string))
    throw vectorize_error(40026, "invalid request body: " + std::string(name) + " must be a string");
  return value->string;
}

void vectorize_check_id(std::string_view id) {
  if (id.empty()) throw vectorize_error(40026, "invalid vector id: must not be empty");
  if (id.size() > limits::vectorize_id_bytes)
    throw vectorize_error(40008, "id too long; max is 64 bytes, got " + std::to_string(id.size()) + " bytes");
}

void vectorize_check_namespace(std::string_view ns) {
  if (ns.empty() || ns.size() > limits::vectorize_namespace_bytes)
    throw vectorize_error(40026,
                          "invalid namespace: must have 1 to 64 bytes, got " + std::to_string(ns.size()) + " bytes");
}

std::string vectorize_accept(StoredIndex& index, StoredMutation mutation, const StoredIndex::Check& check) {
  mutation.id = random_uuid();
  index.submit(mutation, check);
  return std::move(mutation.id);
}

Reply vectorize_submit(StoredIndex& index, StoredMutation mutation, const StoredIndex::Check& check) {
  return vectorize_accepted(vectorize_accept(index, std::move(mutation), check));
}

Reply vectorize_accepted(const std::string& mutation_id) {
  ObjectWriter result;
  result.text("mutationId", mutation_id);
  return ok(std::move(result).take());
}

}  // namespace cloudflare::local
