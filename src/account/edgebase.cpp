// The handles of EdgeBase.

#include <cloudflare/edgebase.hpp>

#include "base/files.hpp"
#include "engine/client_core.hpp"

namespace cloudflare::edgebase {

namespace {

std::string variable(const char* name) {
  std::string value = detail::files::variable(name);
  if (value.empty()) throw invalid_argument(std::string(name) + " is not set");
  return value;
}

detail::Context open(std::string base_url, ServiceKey key, ClientOptions options) {
  options.base_url = std::move(base_url);
  options.account_id.clear();
  options.rate_budget = false;
  return detail::open_client(std::move(key), std::move(options));
}

}  // namespace

Client::Client(std::string base_url, ServiceKey key, ClientOptions options)
    : context_(open(std::move(base_url), std::move(key), std::move(options))) {}

Client Client::from_env(ClientOptions options) {
  return {variable("EDGEBASE_URL"), ServiceKey(variable("EDGEBASE_SERVICE_KEY")), std::move(options)};
}

Client Client::with(const CallOptions& options) const { return Client(detail::with_options(context_, options)); }

KvNamespace::KvNamespace(const Client& client, std::string name) : KvStore(client.context(), std::move(name)) {}
kv::KeyRange KvNamespace::list(const kv::ListOptions& options) const { return kv::KeyRange(pages(options)); }
KvNamespace KvNamespace::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), id_};
}

D1Database::D1Database(const Client& client, std::string name) : SqlDatabase(client.context(), std::move(name)) {}
D1Database D1Database::with(const CallOptions& options) const { return {detail::with_options(context_, options), id_}; }

VectorizeIndex::VectorizeIndex(const Client& client, std::string name, int dimensions)
    : VectorStore(client.context(), {std::move(name), dimensions}) {}
VectorizeIndex VectorizeIndex::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), index_};
}

}  // namespace cloudflare::edgebase
