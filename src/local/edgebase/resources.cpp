#include "local/edgebase/resources.hpp"

#include <cloudflare/error.hpp>
#include <cloudflare/limits.hpp>

#include "base/encode.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

namespace {

std::string namespace_titled(NamespaceStore& kv, const std::string& title) {
  for (const KvNamespaceRecord& record : kv.list({.limit = limits::namespaces_per_page_max}))
    if (record.title == title) return record.id;
  std::string id = random_hex(16);
  if (kv.create({.id = id, .title = title}) != NamespaceStore::TitleResult::done)
    throw invalid_argument("EdgeBase's namespace " + title + " cannot be made: the account has too many namespaces");
  return id;
}

std::string database_named(D1Registry& registry, const std::string& name, const Clock& clock) {
  if (const auto found = registry.find(name, true)) return found->uuid;
  D1Record record{.uuid = random_uuid(), .name = name};
  record.created_at = cloudflare::detail::format_rfc3339(clock.wall());
  if (registry.create(record) != D1Registry::CreateResult::done)
    throw invalid_argument("EdgeBase's database " + name + " cannot be made: the account has too many databases");
  return record.uuid;
}

EdgeBaseResources::Index index_named(VectorizeDatabase& database, const EdgeBaseIndex& wanted, const Clock& clock) {
  const auto metric = metric_of(wanted.metric);
  if (!metric || wanted.dimensions < 1 || wanted.dimensions > limits::vectorize_max_dimensions)
    throw invalid_argument("EdgeBase's index " + wanted.name +
                           " needs 1 to 1536 dimensions and the metric cosine, euclidean or dot-product");
  VectorizeRecord record{.name = wanted.name,
                         .created_on = cloudflare::detail::format_rfc3339(clock.wall()),
                         .dimensions = static_cast<std::size_t>(wanted.dimensions),
                         .metric = *metric};
  const auto found = database.find(wanted.name);
  if (found && (found->dimensions != record.dimensions || found->metric != *metric))
    throw invalid_argument("the store has an index " + wanted.name + " with other dimensions or another metric");
  if (!found && database.create(record) != VectorizeDatabase::CreateResult::done)
    throw invalid_argument("EdgeBase's index " + wanted.name + " cannot be made: the account has too many indexes");
  return {.dimensions = record.dimensions, .metric = *metric};
}

}  // namespace

EdgeBaseResources::EdgeBaseResources(const EdgeBaseOptions& options, NamespaceStore& kv, D1Store& d1,
                                     VectorizeStore& vectorize, const Clock& clock)
    : key_(options.service_key) {
  if (key_.empty()) throw invalid_argument("EdgeBase's routes need a service key");
  for (const std::string& name : options.kv) namespaces.emplace(name, namespace_titled(kv, name));
  for (const std::string& name : options.d1) databases.emplace(name, database_named(d1.registry(), name, clock));
  for (const EdgeBaseIndex& index : options.vectorize)
    indexes.emplace(index.name, index_named(vectorize.database(), index, clock));
}

}  // namespace cloudflare::local
