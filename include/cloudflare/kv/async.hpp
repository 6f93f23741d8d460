#pragma once

// The asynchronous views of kv::Reader and kv::Cache.

#include <cloudflare/async/operation.hpp>
#include <cloudflare/kv/cache.hpp>
#include <cloudflare/kv/reader.hpp>

namespace cloudflare::kv {

/// The reads of a Reader as operations. A handle: it keeps the client open, its operations do not. They end with
/// ErrorKind::cancelled when the Reader is destroyed.
class CLOUDFLARE_API AsyncReader {
 public:
  /// As Reader::get(). The time limit starts when the operation begins.
  [[nodiscard]] Operation<std::optional<std::string>> get(std::string_view key,
                                                          const GetOptions& options = GetOptions()) const;

 private:
  friend Reader;
  explicit AsyncReader(std::shared_ptr<Reader::State> state) : state_(std::move(state)) {}
  std::shared_ptr<Reader::State> state_;
};

/// The operations of a Cache. A handle: it keeps the client open, its operations do not. They end with
/// ErrorKind::cancelled when the Cache is destroyed.
class CLOUDFLARE_API AsyncCache {
 public:
  /// As Cache::get(). What is cached comes without a request, but completes on the I/O thread like everything else.
  [[nodiscard]] Operation<std::optional<std::string>> get(std::string_view key,
                                                          const GetOptions& options = GetOptions()) const;
  /// As Cache::put().
  [[nodiscard]] Operation<void> put(std::string_view key, std::string value,
                                    const PutOptions& options = PutOptions()) const;
  /// As Cache::erase().
  [[nodiscard]] Operation<void> erase(std::string_view key) const;

 private:
  friend Cache;
  explicit AsyncCache(std::shared_ptr<Cache::State> state) : state_(std::move(state)) {}
  std::shared_ptr<Cache::State> state_;
};

}  // namespace cloudflare::kv
