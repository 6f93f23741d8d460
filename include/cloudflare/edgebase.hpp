#pragma once

// EdgeBase: Workers KV, D1 and Vectorize behind a service key (EdgeBase docs, "Native Resources API"). The handles
// offer what KvStore, SqlDatabase and VectorStore declare, over the same transport, deadline, retries and errors as v4.
// Not part of <cloudflare/cloudflare.hpp>.

#include <cloudflare/credentials.hpp>
#include <cloudflare/d1/sql.hpp>
#include <cloudflare/kv/store.hpp>
#include <cloudflare/vectorize/store.hpp>

namespace cloudflare::edgebase {

class Client;
class AsyncKvNamespace;
class AsyncD1Database;
class AsyncVectorizeIndex;

using vectorize::UploadManyOptions, vectorize::UploadOptions;

/// The operations of edgebase::KvNamespace with Result<T>.
class CheckedKvNamespace : public KvStore<Checked> {
 public:
  [[nodiscard]] const std::string& name() const noexcept { return id_; }

 private:
  friend class KvNamespace;
  using KvStore::KvStore;
};

/// One KV namespace, by its name in EdgeBase's configuration. A handle: a copy costs a reference count and a short
/// string. Any thread may use it. It keeps the client's core alive. Ranges made from it belong to one thread at a time.
class CLOUDFLARE_API KvNamespace : public KvStore<Throwing> {
 public:
  KvNamespace(const Client& client, std::string name);
  [[nodiscard]] const std::string& name() const noexcept { return id_; }
  /// All keys, page after page, for range-for: an error on a later page is thrown there.
  [[nodiscard]] kv::KeyRange list(const kv::ListOptions& options = kv::ListOptions()) const;
  [[nodiscard]] CheckedKvNamespace checked() const { return {context_, id_}; }
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncKvNamespace async() const;
  /// The same namespace with other limits for its calls.
  [[nodiscard]] KvNamespace with(const CallOptions& options) const;

 private:
  using KvStore::KvStore;
};

/// The operations of edgebase::D1Database with Result<T>.
class CheckedD1Database : public SqlDatabase<Checked> {
 public:
  [[nodiscard]] const std::string& name() const noexcept { return id_; }

 private:
  friend class D1Database;
  using SqlDatabase::SqlDatabase;
};

/// One D1 database, by its name in EdgeBase's configuration. A handle, like KvNamespace. Rows do not need the handle.
class CLOUDFLARE_API D1Database : public SqlDatabase<Throwing> {
 public:
  D1Database(const Client& client, std::string name);
  [[nodiscard]] const std::string& name() const noexcept { return id_; }
  [[nodiscard]] CheckedD1Database checked() const { return {context_, id_}; }
  [[nodiscard]] AsyncD1Database async() const;
  [[nodiscard]] D1Database with(const CallOptions& options) const;

 private:
  using SqlDatabase::SqlDatabase;
};

/// The operations of edgebase::VectorizeIndex with Result<T>.
class CheckedVectorizeIndex : public VectorStore<Checked> {
 private:
  friend class VectorizeIndex;
  using VectorStore::VectorStore;
};

/// One Vectorize index, by its name in EdgeBase's configuration. A handle, like KvNamespace.
class CLOUDFLARE_API VectorizeIndex : public VectorStore<Throwing> {
 public:
  /// With `dimensions` the length of every vector is checked against it before sending; with 0, against the first
  /// vector of the call.
  VectorizeIndex(const Client& client, std::string name, int dimensions = 0);
  [[nodiscard]] CheckedVectorizeIndex checked() const { return {context_, index_}; }
  [[nodiscard]] AsyncVectorizeIndex async() const;
  [[nodiscard]] VectorizeIndex with(const CallOptions& options) const;

 private:
  using VectorStore::VectorStore;
};

/// A client of one EdgeBase server with one service key. A copy costs a reference count. Any thread may use any copy.
class CLOUDFLARE_API Client {
 public:
  /// `base_url` is the server's, without /api. The base URL and account id in `options` are not used. The rate budget
  /// is off, since it is for Cloudflare's API.
  /// @throws Error  invalid_argument: a key with control characters, quotes or non-ASCII letters; a malformed base URL;
  ///                plain http to a host that is not loopback
  Client(std::string base_url, ServiceKey key, ClientOptions options = ClientOptions());

  /// From EDGEBASE_URL and EDGEBASE_SERVICE_KEY. @throws Error  invalid_argument that names the missing variable
  [[nodiscard]] static Client from_env(ClientOptions options = ClientOptions());

  /// A handle of the resource with this name in EdgeBase's configuration. No request is made.
  [[nodiscard]] KvNamespace kv(std::string name) const { return {*this, std::move(name)}; }
  [[nodiscard]] D1Database d1(std::string name) const { return {*this, std::move(name)}; }
  [[nodiscard]] VectorizeIndex vectorize(std::string name, int dimensions = 0) const {
    return {*this, std::move(name), dimensions};
  }

  /// The same client with other limits for the calls of handles made from it.
  [[nodiscard]] Client with(const CallOptions& options) const;
  /// Used by the handles.
  [[nodiscard]] const detail::Context& context() const noexcept { return context_; }

 private:
  explicit Client(detail::Context context) : context_(std::move(context)) {}
  detail::Context context_;
};

}  // namespace cloudflare::edgebase
