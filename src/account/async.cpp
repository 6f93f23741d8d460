// The asynchronous handles. They have their own file, so that only programs that use them link them.

#include <cloudflare/async.hpp>

namespace cloudflare {

template class KvStore<Async>;
template class SqlDatabase<Async>;
template class VectorStore<Async>;
template class ClientVerbs<Async>;
template class KvVerbs<Async>;
template class KvNamespacesVerbs<Async>;
template class D1Verbs<Async>;
template class D1DatabasesVerbs<Async>;
template class VectorizeVerbs<Async>;
template class VectorizeIndexesVerbs<Async>;
template class WorkersAiVerbs<Async>;

AsyncApiClient ApiClient::async() const { return AsyncApiClient(context_); }
AsyncKvNamespace KvNamespace::async() const { return AsyncKvNamespace(context_, id_); }
AsyncKvNamespaces KvNamespaces::async() const { return AsyncKvNamespaces(context_); }
AsyncD1Database D1Database::async() const { return AsyncD1Database(context_, id_); }
AsyncD1Databases D1Databases::async() const { return AsyncD1Databases(context_); }
AsyncVectorizeIndex VectorizeIndex::async() const { return AsyncVectorizeIndex(context_, index_); }
AsyncVectorizeIndexes VectorizeIndexes::async() const { return AsyncVectorizeIndexes(context_); }
AsyncWorkersAi WorkersAi::async() const { return AsyncWorkersAi(context_, model_); }

}  // namespace cloudflare

namespace cloudflare::edgebase {

AsyncKvNamespace KvNamespace::async() const { return AsyncKvNamespace(context_, id_); }
AsyncD1Database D1Database::async() const { return AsyncD1Database(context_, id_); }
AsyncVectorizeIndex VectorizeIndex::async() const { return AsyncVectorizeIndex(context_, index_); }

}  // namespace cloudflare::edgebase
