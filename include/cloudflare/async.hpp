#pragma once

// The asynchronous view: every operation of the handles as an Operation<T>, and coroutine helpers.
//
// One I/O thread per client, begun by the first operation, runs them all. The handles keep their client open;
// operations and page walks do not.

#include <cloudflare/async/operation.hpp>
#include <cloudflare/async/task.hpp>
#include <cloudflare/client.hpp>
#include <cloudflare/d1.hpp>
#include <cloudflare/edgebase.hpp>
#include <cloudflare/kv.hpp>
#include <cloudflare/vectorize.hpp>
#include <cloudflare/workers_ai.hpp>

namespace cloudflare {

extern template class CLOUDFLARE_API ClientVerbs<Async>;
extern template class CLOUDFLARE_API KvStore<Async>;
extern template class CLOUDFLARE_API SqlDatabase<Async>;
extern template class CLOUDFLARE_API VectorStore<Async>;
extern template class CLOUDFLARE_API KvVerbs<Async>;
extern template class CLOUDFLARE_API KvNamespacesVerbs<Async>;
extern template class CLOUDFLARE_API D1Verbs<Async>;
extern template class CLOUDFLARE_API D1DatabasesVerbs<Async>;
extern template class CLOUDFLARE_API VectorizeVerbs<Async>;
extern template class CLOUDFLARE_API VectorizeIndexesVerbs<Async>;
extern template class CLOUDFLARE_API WorkersAiVerbs<Async>;

namespace detail {

/// Base of the asynchronous handles: the handle keeps its client open, its operations do not.
template <class Verbs>
class AsyncHandle : public Verbs {
 protected:
  template <class... Id>
  explicit AsyncHandle(const Context& context, Id&&... id)
      : Verbs(async_context(context), std::forward<Id>(id)...), client_(context.client) {}

 private:
  std::shared_ptr<OpenClient> client_;
};

}  // namespace detail

/// The operations of ApiClient as Operation<T>.
class AsyncApiClient : public detail::AsyncHandle<ClientVerbs<Async>> {
  friend ApiClient;
  using AsyncHandle::AsyncHandle;
};

/// The operations of KvNamespace as Operation<T>.
class AsyncKvNamespace : public detail::AsyncHandle<KvVerbs<Async>> {
  friend KvNamespace;
  using AsyncHandle::AsyncHandle;
};

/// The operations of KvNamespaces as Operation<T>.
class AsyncKvNamespaces : public detail::AsyncHandle<KvNamespacesVerbs<Async>> {
  friend KvNamespaces;
  using AsyncHandle::AsyncHandle;
};

/// The operations of D1Database as Operation<T>.
class AsyncD1Database : public detail::AsyncHandle<D1Verbs<Async>> {
  friend D1Database;
  using AsyncHandle::AsyncHandle;
};

/// The operations of D1Databases as Operation<T>.
class AsyncD1Databases : public detail::AsyncHandle<D1DatabasesVerbs<Async>> {
  friend D1Databases;
  using AsyncHandle::AsyncHandle;
};

/// The operations of VectorizeIndex as Operation<T>.
class AsyncVectorizeIndex : public detail::AsyncHandle<VectorizeVerbs<Async>> {
  friend VectorizeIndex;
  using AsyncHandle::AsyncHandle;
};

/// The operations of VectorizeIndexes as Operation<T>.
class AsyncVectorizeIndexes : public detail::AsyncHandle<VectorizeIndexesVerbs<Async>> {
  friend VectorizeIndexes;
  using AsyncHandle::AsyncHandle;
};

/// The operations of WorkersAi as Operation<T>.
class AsyncWorkersAi : public detail::AsyncHandle<WorkersAiVerbs<Async>> {
  friend WorkersAi;
  using AsyncHandle::AsyncHandle;
};

}  // namespace cloudflare

namespace cloudflare::edgebase {

/// The operations of edgebase::KvNamespace as Operation<T>.
class AsyncKvNamespace : public detail::AsyncHandle<KvStore<Async>> {
 public:
  [[nodiscard]] const std::string& name() const noexcept { return id_; }

 private:
  friend KvNamespace;
  using AsyncHandle::AsyncHandle;
};

/// The operations of edgebase::D1Database as Operation<T>.
class AsyncD1Database : public detail::AsyncHandle<SqlDatabase<Async>> {
 public:
  [[nodiscard]] const std::string& name() const noexcept { return id_; }

 private:
  friend D1Database;
  using AsyncHandle::AsyncHandle;
};

/// The operations of edgebase::VectorizeIndex as Operation<T>.
class AsyncVectorizeIndex : public detail::AsyncHandle<VectorStore<Async>> {
  friend VectorizeIndex;
  using AsyncHandle::AsyncHandle;
};

}  // namespace cloudflare::edgebase
