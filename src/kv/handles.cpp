// The handles of Workers KV. Each product has its own file, so that a program links only the products it uses.

#include <cloudflare/kv.hpp>

#include "engine/client_core.hpp"

namespace cloudflare {

template class KvStore<Throwing>;
template class KvStore<Checked>;
template class KvVerbs<Throwing>;
template class KvVerbs<Checked>;
template class KvNamespacesVerbs<Throwing>;
template class KvNamespacesVerbs<Checked>;

KvNamespace::KvNamespace(const ApiClient& client, std::string id) : KvVerbs(client.context(), std::move(id)) {}
KvNamespaces::KvNamespaces(const ApiClient& client) : KvNamespacesVerbs(client.context()) {}

KvNamespace ApiClient::kv(std::string namespace_id) const { return {*this, std::move(namespace_id)}; }
KvNamespaces ApiClient::kv_namespaces() const { return KvNamespaces(*this); }

kv::KeyRange KvNamespace::list(const kv::ListOptions& options) const { return kv::KeyRange(pages(options)); }
CheckedKvNamespace KvNamespace::checked() const { return {context_, id_}; }
KvNamespace KvNamespace::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), id_};
}

kv::NamespaceRange KvNamespaces::list(const kv::NamespaceListOptions& options) const {
  return kv::NamespaceRange(pages(options));
}
CheckedKvNamespaces KvNamespaces::checked() const { return CheckedKvNamespaces(context_); }
KvNamespaces KvNamespaces::with(const CallOptions& options) const {
  return KvNamespaces(detail::with_options(context_, options));
}

}  // namespace cloudflare
