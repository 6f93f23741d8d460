#include "local/d1/registry.hpp"

namespace cloudflare::local {

namespace {

// Cloudflare docs, "D1 limits" (Workers Paid).
constexpr std::int64_t max_databases = 50'000;
constexpr int registry_cache_kib = 2 * 1024;

constexpr const char* registry_schema = R"(
  CREATE TABLE IF NOT EXISTS databases (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    jurisdiction TEXT NOT NULL,
    replication TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS bookmarks (
    uuid TEXT NOT NULL,
    bookmark TEXT NOT NULL,
    since INTEGER NOT NULL,
    made INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    PRIMARY KEY (uuid, bookmark)
  ) WITHOUT ROWID;
)";

D1Record record_of(const Cursor& row) {
  return {row.string(0), row.string(1), row.string(2), row.string(3), row.string(4)};
}

}  // namespace

D1Registry::D1Registry(const std::string& path)
    : database_(path.empty() ? Sqlite(path) : open_exclusively(path, registry_cache_kib)) {
  database_.execute(registry_schema);
  find_ = database_.prepare(
      "SELECT uuid, name, created_at, jurisdiction, replication FROM databases WHERE uuid = ? OR name = ?");
}

D1Registry::CreateResult D1Registry::create(const D1Record& r) {
  const std::lock_guard lock(mutex_);
  SqliteStatement taken = database_.prepare("SELECT 1 FROM databases WHERE name = ?");
  if (taken.run(std::string_view(r.name)).next()) return CreateResult::taken;
  SqliteStatement all = database_.prepare("SELECT count(*) FROM databases");
  if (Cursor count = all.run(); count.next() && count.integer(0) >= max_databases) return CreateResult::too_many;
  database_.prepare("INSERT INTO databases (uuid, name, created_at, jurisdiction, replication) VALUES (?, ?, ?, ?, ?)")
      .execute(std::string_view(r.uuid), std::string_view(r.name), std::string_view(r.created_at),
               std::string_view(r.jurisdiction), std::string_view(r.replication));
  return CreateResult::done;
}

std::optional<D1Record> D1Registry::find(std::string_view id, bool by_name) {
  const std::lock_guard lock(mutex_);
  const std::string_view none;  // no database has an empty name
  Cursor row = find_.run(by_name ? none : id, by_name ? id : none);
  if (!row.next()) return std::nullopt;
  return record_of(row);
}

void D1Registry::set_replication(std::string_view uuid, std::string_view mode) {
  const std::lock_guard lock(mutex_);
  database_.prepare("UPDATE databases SET replication = ?2 WHERE uuid = ?1").execute(uuid, mode);
}

void D1Registry::remove(std::string_view uuid) {
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  database_.prepare("DELETE FROM bookmarks WHERE uuid = ?").execute(uuid);
  database_.prepare("DELETE FROM databases WHERE uuid = ?").execute(uuid);
  transaction.commit();
}

std::vector<D1Record> D1Registry::list(std::string_view search, std::int64_t limit, std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement = database_.prepare(
      "SELECT uuid, name, created_at, jurisdiction, replication FROM databases WHERE instr(name, ?1) > 0 OR ?1 = '' "
      "ORDER BY number LIMIT ?2 OFFSET ?3");
  std::vector<D1Record> found;
  Cursor row = statement.run(search, limit, offset);
  while (row.next()) found.push_back(record_of(row));
  return found;
}

std::int64_t D1Registry::count(std::string_view search) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement = database_.prepare("SELECT count(*) FROM databases WHERE instr(name, ?1) > 0 OR ?1 = ''");
  Cursor row = statement.run(search);
  row.next();
  return row.integer(0);
}

void D1Registry::add_bookmark(std::string_view uuid, const D1Bookmark& bookmark, std::int64_t made) {
  const std::lock_guard lock(mutex_);
  database_.prepare("INSERT INTO bookmarks (uuid, bookmark, since, made, kept) VALUES (?, ?, ?, ?, ?)")
      .execute(uuid, std::string_view(bookmark.text), bookmark.since, made, std::int64_t{bookmark.kept ? 1 : 0});
}

void D1Registry::mark_kept(std::string_view uuid, std::string_view bookmark) {
  const std::lock_guard lock(mutex_);
  database_.prepare("UPDATE bookmarks SET kept = 1 WHERE uuid = ? AND bookmark = ?").execute(uuid, bookmark);
}

std::optional<D1Bookmark> D1Registry::newest_bookmark(std::string_view uuid) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare("SELECT bookmark, since, kept FROM bookmarks WHERE uuid = ? ORDER BY bookmark DESC LIMIT 1");
  return bookmark_of(statement.run(uuid));
}

std::optional<D1Bookmark> D1Registry::find_bookmark(std::string_view uuid, std::string_view bookmark) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare("SELECT bookmark, since, kept FROM bookmarks WHERE uuid = ? AND bookmark = ?");
  return bookmark_of(statement.run(uuid, bookmark));
}

std::optional<D1Bookmark> D1Registry::bookmark_at(std::string_view uuid, std::int64_t time) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement = database_.prepare(
      "SELECT bookmark, since, kept FROM bookmarks WHERE uuid = ? AND since <= ? ORDER BY bookmark DESC LIMIT 1");
  return bookmark_of(statement.run(uuid, time));
}

std::vector<std::string> D1Registry::forget_bookmarks(std::string_view uuid, std::int64_t time) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare("DELETE FROM bookmarks WHERE uuid = ? AND made < ? AND kept = 1 RETURNING bookmark");
  std::vector<std::string> forgotten;
  Cursor row = statement.run(uuid, time);
  while (row.next()) forgotten.push_back(row.string(0));
  return forgotten;
}

std::optional<D1Bookmark> D1Registry::bookmark_of(Cursor row) {
  if (!row.next()) return std::nullopt;
  return D1Bookmark{row.string(0), row.integer(1), row.integer(2) != 0};
}

}  // namespace cloudflare::local
