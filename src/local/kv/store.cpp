#include "local/kv/store.hpp"

#include <algorithm>

namespace cloudflare::local {

namespace {

// Cloudflare docs, "Workers KV limits".
constexpr std::int64_t max_kv_namespaces = 1000;
constexpr std::int64_t purge_interval_seconds = 60;
// Enough for the inner pages of a few million pairs.
constexpr int kv_cache_kib = 32 * 1024;

// Keys are BLOBs, so that they sort by bytes. The value comes last, so that lists and metadata are read without it.
constexpr const char* kv_schema = R"(
  CREATE TABLE IF NOT EXISTS namespaces (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL UNIQUE,
    jurisdiction TEXT NOT NULL DEFAULT ''
  );
  CREATE TABLE IF NOT EXISTS pairs (
    namespace INTEGER NOT NULL,
    key BLOB NOT NULL,
    expiration INTEGER,
    metadata TEXT,
    value BLOB NOT NULL,
    PRIMARY KEY (namespace, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS pairs_expiration ON pairs (expiration) WHERE expiration IS NOT NULL;
)";

// Stores made by earlier versions have no such column.
void add_jurisdiction(Sqlite& database) {
  SqliteStatement column =
      database.prepare("SELECT 1 FROM pragma_table_info('namespaces') WHERE name = 'jurisdiction'");
  if (column.run().next()) return;
  database.execute("ALTER TABLE namespaces ADD COLUMN jurisdiction TEXT NOT NULL DEFAULT ''");
}

KvNamespaceRecord namespace_of(const Cursor& row) {
  return {row.integer(0), row.string(1), row.string(2), row.string(3)};
}

// The first byte string that sorts after all that begin with `prefix`.
std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xFF') end.pop_back();
  if (end.empty()) return "\xFF";  // no UTF-8 begins with it
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace

NamespaceStore::NamespaceStore(const std::string& path, const Clock& clock)
    : clock_(clock), database_(path.empty() ? Sqlite(path) : open_exclusively(path, kv_cache_kib)) {
  database_.execute(kv_schema);
  add_jurisdiction(database_);
  const auto prepare = [this](SqliteStatement& statement, std::string_view sql) { statement = database_.prepare(sql); };
  prepare(insert_namespace_, "INSERT INTO namespaces (id, title, jurisdiction) VALUES (?, ?, ?)");
  prepare(rename_namespace_, "UPDATE namespaces SET title = ?2 WHERE id = ?1");
  prepare(remove_namespace_, "DELETE FROM namespaces WHERE number = ?");
  prepare(remove_pairs_, "DELETE FROM pairs WHERE namespace = ?");
  prepare(find_namespace_, "SELECT number, id, title, jurisdiction FROM namespaces WHERE id = ?");
  prepare(find_title_, "SELECT id FROM namespaces WHERE title = ?");
  prepare(count_namespaces_, "SELECT count(*) FROM namespaces");
  prepare(put_,
          "INSERT INTO pairs (namespace, key, expiration, metadata, value) VALUES (?, ?, ?, ?, ?) "
          "ON CONFLICT DO UPDATE SET expiration = excluded.expiration, metadata = excluded.metadata, "
          "value = excluded.value");
  prepare(erase_, "DELETE FROM pairs WHERE namespace = ? AND key = ?");
  prepare(get_,
          "SELECT value, metadata, expiration FROM pairs "
          "WHERE namespace = ? AND key = ? AND (expiration IS NULL OR expiration > ?)");
  prepare(describe_,
          "SELECT metadata, expiration FROM pairs "
          "WHERE namespace = ? AND key = ? AND (expiration IS NULL OR expiration > ?)");
  prepare(size_,
          "SELECT length(value) FROM pairs WHERE namespace = ? AND key = ? AND (expiration IS NULL OR expiration > ?)");
  prepare(
      keys_,
      "SELECT key, metadata, expiration FROM pairs "
      "WHERE namespace = ? AND key >= ? AND key < ? AND (expiration IS NULL OR expiration > ?) ORDER BY key LIMIT ?");
  prepare(purge_, "DELETE FROM pairs WHERE expiration <= ?");
}

std::optional<std::string> NamespaceStore::holder_of(const std::string& title) {
  Cursor row = find_title_.run(std::string_view(title));
  if (!row.next()) return std::nullopt;
  return row.string(0);
}

NamespaceStore::TitleResult NamespaceStore::create(const KvNamespaceRecord& record) {
  const std::lock_guard lock(mutex_);
  if (holder_of(record.title)) return TitleResult::taken;
  Cursor count = count_namespaces_.run();
  count.next();
  if (count.integer(0) >= max_kv_namespaces) return TitleResult::too_many;
  insert_namespace_.execute(std::string_view(record.id), std::string_view(record.title),
                            std::string_view(record.jurisdiction));
  return TitleResult::done;
}

NamespaceStore::TitleResult NamespaceStore::rename(const std::string& id, const std::string& title) {
  const std::lock_guard lock(mutex_);
  if (const auto holder = holder_of(title); holder && *holder != id) return TitleResult::taken;
  last_found_.reset();
  rename_namespace_.execute(std::string_view(id), std::string_view(title));
  return TitleResult::done;
}

std::optional<KvNamespaceRecord> NamespaceStore::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (last_found_ && last_found_->id == id) return last_found_;
  Cursor row = find_namespace_.run(id);
  if (!row.next()) return std::nullopt;
  last_found_ = namespace_of(row);
  return last_found_;
}

void NamespaceStore::remove(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  last_found_.reset();
  Transaction transaction(database_);
  remove_pairs_.execute(number);
  remove_namespace_.execute(number);
  transaction.commit();
}

std::vector<KvNamespaceRecord> NamespaceStore::list(const KvNamespaceQuery& query) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare(std::string("SELECT number, id, title, jurisdiction FROM namespaces ORDER BY ") +
                        (query.by_title ? "title" : "id") + (query.descending ? " DESC" : "") + " LIMIT ? OFFSET ?");
  std::vector<KvNamespaceRecord> found;
  Cursor row = statement.run(query.limit, query.offset);
  while (row.next()) found.push_back(namespace_of(row));
  return found;
}

std::int64_t NamespaceStore::count() {
  const std::lock_guard lock(mutex_);
  Cursor row = count_namespaces_.run();
  row.next();
  return row.integer(0);
}

std::optional<KvRecord> NamespaceStore::get(std::int64_t ns, std::string_view key) {
  const std::lock_guard lock(mutex_);
  Cursor row = get_.run(ns, Blob{key}, now());
  if (!row.next()) return std::nullopt;
  return KvRecord{std::string(key), row.string(0), row.string(1), row.optional_integer(2)};
}

std::optional<KvRecord> NamespaceStore::describe(std::int64_t ns, std::string_view key) {
  const std::lock_guard lock(mutex_);
  Cursor row = describe_.run(ns, Blob{key}, now());
  if (!row.next()) return std::nullopt;
  return KvRecord{std::string(key), {}, row.string(0), row.optional_integer(1)};
}

std::optional<std::int64_t> NamespaceStore::value_size(std::int64_t ns, std::string_view key) {
  const std::lock_guard lock(mutex_);
  Cursor row = size_.run(ns, Blob{key}, now());
  if (!row.next()) return std::nullopt;
  return row.integer(0);
}

KvListing NamespaceStore::keys(std::int64_t ns, std::string_view prefix, std::string_view after, std::int64_t limit) {
  const std::lock_guard lock(mutex_);
  // The first byte string after `after` is `after` with a zero byte.
  const std::string begin =
      after.empty() ? std::string(prefix) : std::max(std::string(prefix), std::string(after).append(1, '\0'));
  const std::string end = end_of_prefix(prefix);
  KvListing listing;
  Cursor row = keys_.run(ns, Blob{begin}, Blob{end}, now(), limit + 1);
  while (row.next()) {
    if (static_cast<std::int64_t>(listing.keys.size()) == limit) {
      listing.complete = false;
      break;
    }
    listing.keys.push_back({row.string(0), {}, row.string(1), row.optional_integer(2)});
  }
  return listing;
}

// Expired pairs are invisible at once; writers delete them now and then.
void NamespaceStore::purge() {
  const std::int64_t time = now();
  if (time < next_purge_) return;
  next_purge_ = time + purge_interval_seconds;
  purge_.execute(time);
}

NamespaceStore::Batch::Batch(NamespaceStore& store, std::int64_t ns)
    : store_(store), ns_(ns), lock_(store.mutex_), transaction_(store.database_) {
  store_.purge();
}

void NamespaceStore::Batch::put(const KvPair& pair) {
  const auto metadata = pair.metadata.empty() ? std::nullopt : std::optional(pair.metadata);
  store_.put_.execute(ns_, Blob{pair.key}, pair.expiration, metadata, Blob{pair.value});
}

void NamespaceStore::Batch::erase(std::string_view key) { store_.erase_.execute(ns_, Blob{key}); }

}  // namespace cloudflare::local
