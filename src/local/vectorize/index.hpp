#pragma once

// One open index: its vectors in memory and on disk, and the mutations that are not due yet.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include <cloudflare/clock.hpp>

#include "local/storage/call_limits.hpp"
#include "local/vectorize/database.hpp"
#include "local/vectorize/table.hpp"

namespace cloudflare::local {

/// Any thread may call.
class StoredIndex {
 public:
  StoredIndex(VectorizeDatabase& database, VectorizeRecord record, const Clock& clock, std::chrono::seconds delay);

  [[nodiscard]] const VectorizeRecord& record() const noexcept { return record_; }

  /// Gets the current table, and the metadata indexes as they will be when every accepted mutation is applied.
  using Check = std::function<void(const VectorTable&, const std::vector<PropertyIndex>&)>;

  /// Accepts a mutation. It is applied after the delay and after all earlier ones. `check` refuses it by throwing.
  /// @throws ApiError  3005 removed meanwhile
  void submit(const StoredMutation& mutation, const Check& check);

  /// Applies the mutations that are due, then calls `use` with the table. @throws ApiError  3005 removed meanwhile
  template <class Use>
  auto read(Use use) {
    settle_if_due();
    const std::shared_lock lock(mutex_);
    check_there();
    return use(std::as_const(table_));
  }

  struct State {
    std::size_t vectors = 0;
    /// Every mutation accepted before `progress.accepted` is applied.
    Progress progress{};
  };
  [[nodiscard]] State state();
  /// The ids of all vectors, sorted. Kept until the index changes.
  [[nodiscard]] std::shared_ptr<const std::vector<std::string>> ids();
  [[nodiscard]] std::string metadata(const std::string& id) { return database_.metadata(record_.number, id); }
  void remove();

 private:
  [[nodiscard]] std::int64_t now() const { return clock_.wall().time_since_epoch().count(); }
  void check_there() const;
  [[nodiscard]] bool is_due(std::int64_t accepted, std::int64_t due) const;
  void await_next();
  void settle_if_due();
  void settle();
  void apply(const StoredMutation& mutation, std::int64_t accepted, const PendingMutation* pending);
  [[nodiscard]] std::vector<PropertyValue> cells_of(const std::string& metadata) const;
  void load();

  VectorizeDatabase& database_;
  const VectorizeRecord record_;
  const Clock& clock_;
  const std::int64_t delay_;
  CallMutex mutex_{};
  bool removed_ = false;
  VectorTable table_;
  Progress progress_{};
  std::deque<PendingMutation> pending_{};
  std::vector<PropertyIndex> coming_{};                    // the metadata indexes once every mutation is applied
  std::atomic<std::int64_t> next_accepted_{0}, next_due_;  // of the first pending mutation
  CallMutex ids_mutex_{};
  std::shared_ptr<const std::vector<std::string>> ids_{};
};

}  // namespace cloudflare::local
