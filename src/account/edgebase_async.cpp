// The asynchronous handles of EdgeBase, apart from those of v4: a program links those it uses.

#include <cloudflare/async.hpp>

namespace cloudflare::edgebase {

template class KvVerbs<Async>;
template class D1Verbs<Async>;
template class VectorizeVerbs<Async>;

AsyncKvNamespace KvNamespace::async() const { return AsyncKvNamespace(context_, name_); }
AsyncD1Database D1Database::async() const { return AsyncD1Database(context_, name_); }
AsyncVectorizeIndex VectorizeIndex::async() const { return AsyncVectorizeIndex(context_, index_); }

}  // namespace cloudflare::edgebase
