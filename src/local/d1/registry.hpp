#pragma once

// What the account knows of its D1 databases: their names and properties, and the bookmarks handed out.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "local/storage/call_limits.hpp"
#include "local/storage/sqlite.hpp"

namespace cloudflare::local {

struct D1Record {
  std::string uuid{};
  std::string name{};
  std::string created_at{};
  std::string jurisdiction{};  ///< Empty: none.
  std::string replication = "disabled";
};

struct D1Bookmark {
  std::string text{};
  std::int64_t since = 0;  ///< When the state it stands for began, in Unix seconds.
  bool kept = false;       ///< A snapshot of the state exists; false while the database itself is that state.
};

/// Any thread may call.
class D1Registry {
 public:
  /// An empty path keeps everything in memory. @throws SqliteError
  explicit D1Registry(const std::string& path);

  enum class CreateResult : std::uint8_t { done, taken, too_many };
  [[nodiscard]] CreateResult create(const D1Record& record);
  /// By id, or by exact name if `by_name`.
  [[nodiscard]] std::optional<D1Record> find(std::string_view id, bool by_name);
  void set_replication(std::string_view uuid, std::string_view mode);
  void remove(std::string_view uuid);
  /// The databases whose name contains `search`, oldest first.
  [[nodiscard]] std::vector<D1Record> list(std::string_view search, std::int64_t limit, std::int64_t offset);
  [[nodiscard]] std::int64_t count(std::string_view search);

  void add_bookmark(std::string_view uuid, const D1Bookmark& bookmark, std::int64_t made);
  void mark_kept(std::string_view uuid, std::string_view bookmark);
  [[nodiscard]] std::optional<D1Bookmark> newest_bookmark(std::string_view uuid);
  [[nodiscard]] std::optional<D1Bookmark> find_bookmark(std::string_view uuid, std::string_view bookmark);
  /// The newest one whose state began at or before `time`.
  [[nodiscard]] std::optional<D1Bookmark> bookmark_at(std::string_view uuid, std::int64_t time);
  /// Forgets bookmarks made before `time` and returns them.
  std::vector<std::string> forget_bookmarks(std::string_view uuid, std::int64_t time);

 private:
  [[nodiscard]] static std::optional<D1Bookmark> bookmark_of(Cursor row);

  CallMutex mutex_{};
  Sqlite database_;
  SqliteStatement find_{};
};

}  // namespace cloudflare::local
