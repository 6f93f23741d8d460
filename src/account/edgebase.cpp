// The handles of EdgeBase.

#include <cloudflare/edgebase.hpp>

#include <cstdlib>

#include "engine/client_core.hpp"

namespace cloudflare::edgebase {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') throw invalid_argument(std::string(name) + " is not set");
  return value;
}

std::shared_ptr<detail::ClientCore> make_core(std::string base_url, ServiceKey key, ClientOptions options) {
  options.base_url = std::move(base_url);
  options.account_id.clear();
  options.rate_budget = false;
  return detail::make_core(std::move(key), std::move(options));
}

}  // namespace

template class KvVerbs<Throwing>;
template class KvVerbs<Checked>;
template class D1Verbs<Throwing>;
template class D1Verbs<Checked>;
template class VectorizeVerbs<Throwing>;
template class VectorizeVerbs<Checked>;

Client::Client(std::string base_url, ServiceKey key, ClientOptions options)
    : context_{make_core(std::move(base_url), std::move(key), std::move(options)), {}} {}

Client Client::from_env(ClientOptions options) {
  std::string url = variable("EDGEBASE_URL");
  return {std::move(url), ServiceKey(variable("EDGEBASE_SERVICE_KEY")), std::move(options)};
}

Client Client::with(const CallOptions& options) const { return Client(detail::with_options(context_, options)); }

KvNamespace::KvNamespace(const Client& client, std::string name) : KvVerbs(client.context(), std::move(name)) {}
CheckedKvNamespace KvNamespace::checked() const { return {context_, name_}; }
KvNamespace KvNamespace::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), name_};
}

D1Database::D1Database(const Client& client, std::string name) : D1Verbs(client.context(), std::move(name)) {}
CheckedD1Database D1Database::checked() const { return {context_, name_}; }
D1Database D1Database::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), name_};
}

VectorizeIndex::VectorizeIndex(const Client& client, std::string name, int dimensions)
    : VectorizeVerbs(client.context(), {std::move(name), dimensions}) {}
CheckedVectorizeIndex VectorizeIndex::checked() const { return {context_, index_}; }
VectorizeIndex VectorizeIndex::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), index_};
}

}  // namespace cloudflare::edgebase
