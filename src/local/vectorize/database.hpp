#pragma once

// Where Vectorize keeps its indexes: one SQLite file for the whole account. What searches need is also in memory.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "local/storage/call_limits.hpp"
#include "local/storage/sqlite.hpp"
#include "local/vectorize/types.hpp"

namespace cloudflare::local {

/// A mutation that was accepted but not applied yet.
struct PendingMutation {
  std::int64_t number = 0;
  std::int64_t accepted = 0;  ///< In Unix seconds.
  std::int64_t due = 0;
  std::string id{};
  StoredMutation::Kind kind = StoredMutation::Kind::upsert;
};

/// The last mutation that was applied to an index.
struct Progress {
  std::string mutation{};     ///< Empty: no mutation was applied yet.
  std::int64_t accepted = 0;  ///< When it was accepted, in Unix seconds.
};

/// A vector as it is read back, with its cells as JSON text: {"<number of the metadata index>": value}.
struct VectorRow {
  std::string_view id{};
  std::string_view ns{};
  std::string_view cells{};
  std::string_view values{};
};

/// Any thread may call. Changes are made through a Write.
class VectorizeDatabase {
 public:
  /// An empty path keeps everything in memory. @throws SqliteError
  explicit VectorizeDatabase(const std::string& path);

  enum class CreateResult : std::uint8_t { done, taken, too_many };
  [[nodiscard]] CreateResult create(VectorizeRecord& record);
  [[nodiscard]] std::optional<VectorizeRecord> find(std::string_view name);
  /// True if an index had this name and none has it now.
  [[nodiscard]] bool was_removed(std::string_view name);
  [[nodiscard]] std::vector<VectorizeRecord> list();
  void remove(const VectorizeRecord& record);

  [[nodiscard]] std::vector<PropertyIndex> metadata_indexes(std::int64_t index);
  [[nodiscard]] std::vector<PendingMutation> pending(std::int64_t index);
  [[nodiscard]] StoredMutation read_pending(const PendingMutation& pending);
  [[nodiscard]] Progress progress(std::int64_t index);
  void read_vectors(std::int64_t index, const std::function<void(const VectorRow&)>& take);
  /// The metadata of a vector as JSON text, empty if it has none.
  [[nodiscard]] std::string metadata(std::int64_t index, std::string_view id);

  /// Changes in one transaction. Locks the database while it lives.
  class Write {
   public:
    explicit Write(VectorizeDatabase& database);
    /// Keeps a mutation for later. Returns its number.
    std::int64_t keep(std::int64_t index, const StoredMutation& mutation, const PendingMutation& times);
    void forget(const PendingMutation& pending);
    void put(std::int64_t index, const StoredVector& vector, std::string_view cells);
    void erase(std::int64_t index, std::string_view id);
    /// Returns the number of the metadata index.
    std::int64_t add(std::int64_t index, const PropertyIndex& metadata_index);
    void remove(std::int64_t index, std::string_view property);
    void set_progress(std::int64_t index, const Progress& progress);
    void commit() { transaction_.commit(); }

   private:
    VectorizeDatabase& database_;
    std::lock_guard<CallMutex> lock_;
    Transaction transaction_;
  };

 private:
  const bool in_memory_;
  CallMutex mutex_{};
  Sqlite database_;
  SqliteStatement put_{}, erase_{}, keep_vector_{}, metadata_{};
};

}  // namespace cloudflare::local
