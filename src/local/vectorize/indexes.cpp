#include <cloudflare/limits.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/encode.hpp"
#include "local/vectorize/handlers.hpp"

namespace cloudflare::local {

namespace {

struct Preset {
  std::string_view name;
  std::size_t dimensions;
};

// Cloudflare API reference, "Create Vectorize Index". All compare by cosine.
constexpr std::array presets{Preset{"@cf/baai/bge-small-en-v1.5", 384}, Preset{"@cf/baai/bge-base-en-v1.5", 768},
                             Preset{"@cf/baai/bge-large-en-v1.5", 1024}, Preset{"openai/text-embedding-ada-002", 1536},
                             Preset{"cohere/embed-multilingual-v2.0", 768}};

// In the order of Distance.
constexpr std::array<std::string_view, 3> metric_names{"cosine", "euclidean", "dot-product"};

ApiError wrong_index(std::string text) { return vectorize_error(40026, "invalid index: " + std::move(text)); }

// ^([a-z]+[a-z0-9_-]*[a-z0-9]+)$ of the API reference, at most 64 bytes.
bool is_index_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto alphanumeric = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return name.size() >= 2 && name.size() <= limits::vectorize_name_bytes && letter(name.front()) &&
         alphanumeric(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return alphanumeric(c) || c == '_' || c == '-'; });
}

void read_config(const Json& body, VectorizeRecord& record) {
  const Json* config = body.find("config");
  if (config == nullptr || !config->is(Json::Kind::object)) throw wrong_index("config must be an object");
  if (config->find("preset") != nullptr) {
    const std::string& name = vectorize_text(*config, "preset");
    const auto preset = std::find_if(presets.begin(), presets.end(), [&](const Preset& p) { return p.name == name; });
    if (preset == presets.end()) throw wrong_index("there is no preset " + name);
    record.dimensions = preset->dimensions;
    return;
  }
  const Json* dimensions = config->find("dimensions");
  if (dimensions == nullptr || !dimensions->is(Json::Kind::number) || !(dimensions->number >= 1) ||
      dimensions->number > limits::vectorize_max_dimensions || std::trunc(dimensions->number) != dimensions->number)
    throw wrong_index("dimensions must be a whole number from 1 to 1536");
  record.dimensions = static_cast<std::size_t>(dimensions->number);
  const auto metric = metric_of(vectorize_text(*config, "metric"));
  if (!metric) throw wrong_index("metric must be cosine, euclidean or dot-product");
  record.metric = *metric;
}

std::string to_json(const VectorizeRecord& record) {
  ObjectWriter config;
  config.number("dimensions", static_cast<std::int64_t>(record.dimensions));
  config.text("metric", name_of(record.metric));
  ObjectWriter out;
  out.text("created_on", record.created_on).text("modified_on", record.created_on).text("name", record.name);
  out.text("description", record.description).raw("config", std::move(config).take());
  return std::move(out).take();
}

}  // namespace

std::string_view name_of(Distance metric) { return metric_names.at(static_cast<std::size_t>(metric)); }

std::optional<Distance> metric_of(std::string_view name) {
  const auto found = std::find(metric_names.begin(), metric_names.end(), name);
  if (found == metric_names.end()) return std::nullopt;
  return static_cast<Distance>(found - metric_names.begin());
}

Reply vectorize_list_indexes(Account& account, Request&) {
  std::string result = "[";
  for (const VectorizeRecord& record : account.vectorize.database().list())
    result.append(result.size() > 1 ? "," : "").append(to_json(record));
  return ok(result + "]");
}

Reply vectorize_create_index(Account& account, Request& request) {
  const Json body = vectorize_body(request);
  VectorizeRecord record{.name = vectorize_text(body, "name"),
                         .created_on = cloudflare::detail::format_rfc3339(account.clock->wall())};
  if (!is_index_name(record.name))
    throw wrong_index(
        "name must have 2 to 64 characters of a-z, 0-9, '-' and '_', begin with a letter and end with a letter or "
        "digit");
  if (body.find("description") != nullptr) record.description = vectorize_text(body, "description");
  read_config(body, record);
  switch (account.vectorize.database().create(record)) {
    case VectorizeDatabase::CreateResult::taken:
      throw vectorize_error(3002, "vectorize.index.duplicate_name - Index name \"" + record.name + "\"");
    case VectorizeDatabase::CreateResult::too_many:
      throw wrong_index("the account has reached its limit of 50000 indexes");
    case VectorizeDatabase::CreateResult::done: break;
  }
  return ok(to_json(record));
}

Reply vectorize_get_index(Account& account, Request& request) {
  return ok(to_json(vectorize_index(account, request)->record()));
}

Reply vectorize_remove_index(Account& account, Request& request) {
  account.vectorize.remove(*vectorize_index(account, request));
  return ok("null");
}

ObjectWriter vectorize_describe(StoredIndex& index) {
  const StoredIndex::State state = index.state();
  ObjectWriter result;
  result.number("dimensions", static_cast<std::int64_t>(index.record().dimensions));
  result.number("vectorCount", static_cast<std::int64_t>(state.vectors));
  if (!state.progress.mutation.empty()) {
    const std::chrono::sys_seconds time{std::chrono::seconds(state.progress.accepted)};
    result.text("processedUpToDatetime", cloudflare::detail::format_rfc3339(time));
    result.text("processedUpToMutation", state.progress.mutation);
  }
  return result;
}

Reply vectorize_info(Account& account, Request& request) {
  return ok(vectorize_describe(*vectorize_index(account, request)).take());
}

}  // namespace cloudflare::local
