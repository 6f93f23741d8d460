#pragma once

// kv::Cache: values of a namespace kept in the process for a while.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/kv.hpp>
#include <cloudflare/kv/reader.hpp>

namespace cloudflare::kv {

class AsyncCache;

/// How long and how much a Cache keeps.
struct CacheOptions {
  /// Most keys that are kept; at least 1. A key leaves that was not used for long: the oldest one, unless it was used
  /// since it came or was last spared ("second chance", which needs no write to its neighbours on a hit).
  std::size_t max_items = 10'000;
  /// Most bytes that are kept: keys, values and Cache::bytes_per_item for each. A value that does not fit alone is not
  /// kept.
  std::size_t max_bytes = 64U << 20U;
  /// How long a value is taken to be true. More than 0.
  std::chrono::milliseconds ttl{60'000};
  /// How much longer it is returned at once while one read in the background fetches the new one.
  std::chrono::milliseconds stale_for{0};
  /// How long after `ttl` it is returned if it cannot be read anew because of the connection, the rate or the server.
  std::chrono::milliseconds stale_if_error{0};
  /// How long it is remembered that a key is missing; 0: such keys are not remembered.
  std::chrono::milliseconds missing_ttl{10'000};
  /// How keys that are not kept are gathered into requests.
  ReaderOptions reader{};
};

/// What a Cache did so far, and what it holds.
struct CacheStatistics {
  std::uint64_t hits = 0;    ///< Answered from memory within `ttl` or `missing_ttl`.
  std::uint64_t stale = 0;   ///< Answered from memory after it, by `stale_for` or `stale_if_error`.
  std::uint64_t misses = 0;  ///< Had to wait for a read.
  std::uint64_t reads =
      0;  ///< Keys that were read: for misses, which share a read of their key, and in the background.
  std::uint64_t evictions = 0;  ///< Keys that left for want of room.
  std::size_t under_way = 0;    ///< Reads at this moment.
  std::size_t items = 0;
  std::size_t bytes = 0;
};

/// Remembers values of a namespace, and that keys are missing. Against the budget of 1200 requests in 5 minutes, a key
/// that is read a thousand times a second costs one request per `ttl`; keys that are not in memory are read by a
/// Reader, many in a request, and one read serves all that wait for the same key.
///
/// Workers KV itself shows a write elsewhere up to a minute later; a cached value may be older by `ttl` (`stale_for`
/// and `stale_if_error` add to it) than what get() of the namespace would give. Writes through this object show in it
/// at once: a read that was under way meanwhile does not bring the old value back. When such a value has aged by `ttl`,
/// KV may for that minute give the one before it, so a `ttl` of a minute or more keeps to one's own writes. Writes by
/// other means, put_many() among them, show when the value is old, or after invalidate(). The expiration of a value
/// that was read is not known here, so it may live `ttl` longer; that of a put() is observed.
///
/// Any thread may use it, for all operations. Time passes by the client's clock, whose recent() decides about a hit: a
/// value may be given some milliseconds longer than `ttl`. A hit takes one lock, briefly. Reads run on the client's I/O
/// thread and go on when their callers have left; blocking calls in a callback on that thread are allowed, and read
/// singly. Destroying the Cache ends calls that wait with ErrorKind::cancelled.
class CLOUDFLARE_API Cache {
 public:
  /// Memory counted for each key besides its own bytes and those of its value.
  static constexpr std::size_t bytes_per_item = 256;

  /// @throws Error  invalid_argument: an option is out of its range
  explicit Cache(const KvNamespace& kv, const CacheOptions& options = CacheOptions());
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  /// The value of `key`; nullopt if there is no such key. Errors are not remembered. @throws Error  as
  /// KvNamespace::get()
  [[nodiscard]] std::optional<std::string> get(std::string_view key, const GetOptions& options = GetOptions()) const;
  /// The same without exceptions.
  [[nodiscard]] Result<std::optional<std::string>> checked_get(std::string_view key,
                                                               const GetOptions& options = GetOptions()) const;

  /// Writes to the namespace, then here: as KvNamespace::put(). If the outcome is unknown, or writes of one key
  /// overlap, the key is forgotten instead. @throws Error  as KvNamespace::put()
  void put(std::string_view key, std::string value, const PutOptions& options = PutOptions()) const;
  /// The same without exceptions.
  Result<void> checked_put(std::string_view key, std::string value, const PutOptions& options = PutOptions()) const;
  /// Removes `key` from the namespace, then here, where it counts as missing for `missing_ttl`. @throws Error  as
  /// KvNamespace::erase()
  void erase(std::string_view key) const;
  /// The same without exceptions.
  Result<void> checked_erase(std::string_view key) const;

  /// Forgets what is known of `key`; a read under way does not bring it back.
  void invalidate(std::string_view key) const;
  /// Forgets everything; the counters of the statistics go on.
  void clear() const;
  [[nodiscard]] CacheStatistics statistics() const;

  /// The same operations as Operation<T>; the type is complete with <cloudflare/kv/async.hpp>.
  [[nodiscard]] AsyncCache async() const;

 private:
  friend AsyncCache;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cloudflare::kv
