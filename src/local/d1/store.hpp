#pragma once

// The D1 databases of the account: which there are, and each one's engine and history.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <cloudflare/clock.hpp>

#include "local/d1/engine.hpp"
#include "local/d1/history.hpp"
#include "local/d1/registry.hpp"
#include "local/d1/transfers.hpp"
#include "local/storage/call_limits.hpp"

namespace cloudflare::local {

/// One database. The caller locks it for everything but sizes().
struct StoredDatabase {
  StoredDatabase(D1Registry& registry, const std::string& uuid, const std::string& folder, const Clock& clock,
                 Watchdog& watchdog);

  /// Locks. Waits no longer than the call's limits allow, and no longer than a query may take.
  /// @throws ApiError  7429 it took longer
  [[nodiscard]] std::unique_lock<CallMutex> lock();

  struct Sizes {
    std::int64_t tables = 0;
    std::int64_t bytes = 0;
  };
  /// Does not wait: while the database is busy these are the sizes last seen.
  [[nodiscard]] Sizes sizes();

  CallMutex mutex{};
  D1Engine engine;
  D1History history;

 private:
  std::mutex sizes_mutex_{};
  Sizes sizes_{};
};

/// Any thread may call.
class D1Store {
 public:
  /// Keeps one file per database, and one per snapshot, in `folder`; empty: everything in memory. @throws SqliteError
  D1Store(std::string folder, const Clock& clock);

  [[nodiscard]] D1Registry& registry() noexcept { return registry_; }
  [[nodiscard]] D1Transfers& transfers() noexcept { return transfers_; }

  /// The database with this id, which must be in the registry.
  [[nodiscard]] std::shared_ptr<StoredDatabase> open(const std::string& uuid);
  /// The same, or null if the database was never used and is empty.
  [[nodiscard]] std::shared_ptr<StoredDatabase> open_if_used(const std::string& uuid);
  void remove(const std::string& uuid);

 private:
  [[nodiscard]] std::string file_of(const std::string& uuid) const;

  const std::string folder_;
  const Clock& clock_;
  D1Registry registry_;
  D1Transfers transfers_;
  Watchdog watchdog_{};  // before the databases, which use it
  CallMutex mutex_{};
  std::unordered_map<std::string, std::shared_ptr<StoredDatabase>> open_{};
};

}  // namespace cloudflare::local
