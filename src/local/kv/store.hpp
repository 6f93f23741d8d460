#pragma once

// Where Workers KV keeps its pairs: one SQLite file for all namespaces of the account.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/clock.hpp>

#include "local/storage/call_limits.hpp"
#include "local/storage/sqlite.hpp"

namespace cloudflare::local {

struct KvNamespaceRecord {
  std::int64_t number = 0;  ///< Never used again after removal.
  std::string id{};
  std::string title{};
  std::string jurisdiction{};  ///< Empty: none.
};

struct KvNamespaceQuery {
  bool by_title = false;
  bool descending = false;
  std::int64_t limit = 20;
  std::int64_t offset = 0;
};

struct KvPair {
  std::string_view key{};
  std::string_view value{};
  std::string_view metadata{};  ///< JSON text, empty: none.
  std::optional<std::int64_t> expiration{};
};

struct KvRecord {
  std::string key{};
  std::string value{};
  std::string metadata{};
  std::optional<std::int64_t> expiration{};
};

struct KvListing {
  std::vector<KvRecord> keys{};  ///< Without values.
  bool complete = true;
};

/// Any thread may call; each call is one transaction. An expired pair counts as absent.
class NamespaceStore {
 public:
  /// An empty path keeps everything in memory. @throws SqliteError
  NamespaceStore(const std::string& path, const Clock& clock);

  enum class TitleResult : std::uint8_t { done, taken, too_many };
  [[nodiscard]] TitleResult create(const KvNamespaceRecord& record);
  [[nodiscard]] TitleResult rename(const std::string& id, const std::string& title);
  [[nodiscard]] std::optional<KvNamespaceRecord> find(std::string_view id);
  void remove(std::int64_t number);
  [[nodiscard]] std::vector<KvNamespaceRecord> list(const KvNamespaceQuery& query);
  [[nodiscard]] std::int64_t count();

  [[nodiscard]] std::optional<KvRecord> get(std::int64_t ns, std::string_view key);
  /// The pair without its value.
  [[nodiscard]] std::optional<KvRecord> describe(std::int64_t ns, std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> value_size(std::int64_t ns, std::string_view key);
  [[nodiscard]] KvListing keys(std::int64_t ns, std::string_view prefix, std::string_view after, std::int64_t limit);

  /// Writes and erasures in one transaction. Locks the store while it lives.
  class Batch {
   public:
    Batch(NamespaceStore& store, std::int64_t ns);
    void put(const KvPair& pair);
    void erase(std::string_view key);
    void commit() { transaction_.commit(); }

   private:
    NamespaceStore& store_;
    std::int64_t ns_;
    std::lock_guard<CallMutex> lock_;
    Transaction transaction_;
  };

 private:
  [[nodiscard]] std::int64_t now() const { return clock_.wall().time_since_epoch().count(); }
  void purge();
  [[nodiscard]] std::optional<std::string> holder_of(const std::string& title);

  const Clock& clock_;
  CallMutex mutex_{};
  Sqlite database_;
  std::int64_t next_purge_ = 0;
  std::optional<KvNamespaceRecord> last_found_{};  // most calls name the namespace of the one before
  SqliteStatement insert_namespace_{}, rename_namespace_{}, remove_namespace_{}, remove_pairs_{}, find_namespace_{};
  SqliteStatement count_namespaces_{}, find_title_{};
  SqliteStatement put_{}, erase_{}, get_{}, describe_{}, size_{}, keys_{}, purge_{};
};

}  // namespace cloudflare::local
