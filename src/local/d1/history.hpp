#pragma once

// Time travel of one database. A bookmark that is handed out stands for the state of that moment. As long as nothing is
// written the database itself is that state; before the next write it is copied into a snapshot. So a bookmark costs
// nothing until it is needed, every one can be restored, and a time is answered by the newest bookmark whose state had
// begun by then.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <cloudflare/clock.hpp>

#include "local/d1/registry.hpp"

namespace cloudflare::local {

/// Guarded by the database's mutex.
class D1History {
 public:
  /// Snapshots are kept in `folder`, or in memory if it is empty.
  D1History(D1Registry& registry, std::string uuid, std::string folder, const Clock& clock, Sqlite& database);

  /// Notes the first state of a new database.
  static void begin(D1Registry& registry, std::string_view uuid, const Clock& clock);

  /// The bookmark of the current state.
  [[nodiscard]] std::string current();
  /// The bookmark of the state at a time, or nothing if the history does not reach that far.
  [[nodiscard]] std::optional<std::string> at(std::int64_t time);
  [[nodiscard]] bool knows(std::string_view bookmark) { return registry_.find_bookmark(uuid_, bookmark).has_value(); }
  /// The state of a known bookmark, as a separate database that is never written to.
  [[nodiscard]] std::shared_ptr<Sqlite> open(const std::string& bookmark);

  /// Call it before the first write of a transaction, inside the transaction or not.
  void before_write();
  /// Call it when a write was committed.
  void after_write();

  /// Oldest moment that time travel reaches, in Unix seconds.
  [[nodiscard]] std::int64_t horizon() const;

 private:
  [[nodiscard]] std::int64_t now() const { return clock_.wall().time_since_epoch().count(); }
  [[nodiscard]] std::string file_of(std::string_view bookmark) const;
  void forget_old();

  D1Registry& registry_;
  const std::string uuid_;
  const std::string folder_;
  const Clock& clock_;
  Sqlite& database_;
  std::string current_{};  // empty after a write
  bool kept_ = false;      // a snapshot of current_ exists
  std::int64_t state_since_;
  std::unordered_map<std::string, std::shared_ptr<Sqlite>> in_memory_{};
};

}  // namespace cloudflare::local
