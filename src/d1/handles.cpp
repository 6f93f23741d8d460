// The handles of D1.

#include <cloudflare/d1.hpp>

#include "engine/client_core.hpp"

namespace cloudflare {

template class SqlDatabase<Throwing>;
template class SqlDatabase<Checked>;
template class D1Verbs<Throwing>;
template class D1Verbs<Checked>;
template class D1DatabasesVerbs<Throwing>;
template class D1DatabasesVerbs<Checked>;

D1Database::D1Database(const ApiClient& client, std::string id) : D1Verbs(client.context(), std::move(id)) {}
D1Databases::D1Databases(const ApiClient& client) : D1DatabasesVerbs(client.context()) {}

D1Database ApiClient::d1(std::string database_id) const { return {*this, std::move(database_id)}; }
D1Databases ApiClient::d1_databases() const { return D1Databases(*this); }

CheckedD1Database D1Database::checked() const { return {context_, id_}; }
D1Database D1Database::with(const CallOptions& options) const { return {detail::with_options(context_, options), id_}; }

d1::DatabaseRange D1Databases::list(const d1::DatabaseListOptions& options) const {
  return d1::DatabaseRange(pages(options));
}
CheckedD1Databases D1Databases::checked() const { return CheckedD1Databases(context_); }
D1Databases D1Databases::with(const CallOptions& options) const {
  return D1Databases(detail::with_options(context_, options));
}

}  // namespace cloudflare
