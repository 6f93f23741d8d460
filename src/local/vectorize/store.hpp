#pragma once

// The Vectorize indexes of the account, and the listings that are not finished.

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <cloudflare/clock.hpp>

#include "local/storage/call_limits.hpp"
#include "local/vectorize/index.hpp"

namespace cloudflare::local {

/// The ids of an index as they were when a list began.
struct VectorListing {
  std::int64_t index = 0;
  std::int64_t expires = 0;  ///< In Unix seconds.
  std::shared_ptr<const std::vector<std::string>> ids{};
};

/// Any thread may call.
class VectorizeStore {
 public:
  /// An empty path keeps everything in memory. @throws SqliteError
  VectorizeStore(const std::string& path, const Clock& clock, std::chrono::seconds delay)
      : database_(path), clock_(clock), delay_(delay) {}

  [[nodiscard]] VectorizeDatabase& database() noexcept { return database_; }
  /// Null if there is no such index.
  [[nodiscard]] std::shared_ptr<StoredIndex> open(const std::string& name);
  void remove(StoredIndex& index);

  /// Remembers a listing for an hour; returns the name to find it by.
  [[nodiscard]] std::string keep(VectorListing& listing);
  /// Nothing if it expired or never existed.
  [[nodiscard]] std::optional<VectorListing> find(const std::string& name);

 private:
  VectorizeDatabase database_;
  const Clock& clock_;
  const std::chrono::seconds delay_;
  CallMutex mutex_{};
  std::unordered_map<std::string, std::shared_ptr<StoredIndex>> open_{};
  std::unordered_map<std::string, VectorListing> listings_{};
};

}  // namespace cloudflare::local
