#pragma once

// kv::Reader: single reads from many threads at once, sent together.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/stop_token.hpp>
#include <cloudflare/kv.hpp>

namespace cloudflare::kv {

/// How a Reader gathers reads into requests.
struct ReaderOptions {
  /// How long the first read of a group waits for others, in whole milliseconds or a little longer. Every read may take
  /// that much longer.
  std::chrono::microseconds window{2'000};
  /// A group with this many different keys is sent at once; 1 to 100.
  std::size_t max_keys = limits::kv_bulk_get_keys;
};

class AsyncReader;

/// How one read of a Reader differs from the others.
struct GetOptions {
  /// Time limit of this read, its waiting included. It is at most the limit of the handle, which is also the default.
  std::optional<std::chrono::milliseconds> timeout{};
  /// Ends this read, not those beside it.
  std::stop_token stop{};
};

/// Gathers reads that arrive within a short window into bulk reads of up to 100 keys: against the budget of 1200
/// requests in 5 minutes, 100 threads that read one key each count as one request. It is worth it where many threads
/// read at once; a lone read only waits for the window.
///
/// Each read has its own value, error, time limit and stop token; a value that is not text, or is too large for a bulk
/// read, is read singly; the same key asked for twice in a group is read once. A group of one is an ordinary get(). One
/// loss in bulk reads cannot be detected: a byte order mark at the beginning of a value, see KvVerbs::get_many.
///
/// Any thread may read. Requests run on the client's I/O thread, windows and deadlines by the client's clock; a
/// blocking read in a callback on that thread is an ordinary get(). Destroying the Reader ends reads that wait, in
/// other threads or as operations, with ErrorKind::cancelled.
class CLOUDFLARE_API Reader {
 public:
  /// @throws Error  invalid_argument: max_keys is not 1 to 100
  explicit Reader(const KvNamespace& kv, const ReaderOptions& options = ReaderOptions());
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The value of `key`; nullopt if there is no such key. @throws Error  as KvNamespace::get()
  [[nodiscard]] std::optional<std::string> get(std::string_view key, const GetOptions& options = GetOptions()) const;
  /// The same without exceptions.
  [[nodiscard]] Result<std::optional<std::string>> checked_get(std::string_view key,
                                                               const GetOptions& options = GetOptions()) const;

  /// The same as Operation<T>; the type is complete with <cloudflare/kv/async.hpp>.
  [[nodiscard]] AsyncReader async() const;

  /// Reads that wait at this moment.
  [[nodiscard]] std::size_t waiting() const;

 private:
  friend AsyncReader;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cloudflare::kv
