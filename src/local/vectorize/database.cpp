#include "local/vectorize/database.hpp"

#include <cstring>

namespace cloudflare::local {

namespace {

// Cloudflare docs, "Vectorize limits" (Workers Paid).
constexpr std::int64_t max_indexes = 50'000;
constexpr int vectorize_cache_kib = 16 * 1024;

constexpr const char* vectorize_schema = R"(
  CREATE TABLE IF NOT EXISTS indexes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_on TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    metric INTEGER NOT NULL,
    mutation TEXT NOT NULL DEFAULT '',
    accepted INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE IF NOT EXISTS removed (name TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS metadata_indexes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL,
    property TEXT NOT NULL,
    type INTEGER NOT NULL,
    UNIQUE (owner, property)
  );
  CREATE TABLE IF NOT EXISTS vectors (
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    namespace TEXT NOT NULL,
    metadata TEXT NOT NULL,
    cells TEXT NOT NULL,
    floats BLOB NOT NULL,
    UNIQUE (owner, id)
  );
  CREATE TABLE IF NOT EXISTS mutations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    due INTEGER NOT NULL,
    property TEXT NOT NULL,
    type INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS mutation_vectors (
    mutation INTEGER NOT NULL,
    id TEXT NOT NULL,
    namespace TEXT NOT NULL,
    metadata TEXT NOT NULL,
    floats BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS mutation_vectors_mutation ON mutation_vectors (mutation);
)";

VectorizeRecord vectorize_record_of(const Cursor& row) {
  return {row.integer(0),
          row.string(1),
          row.string(2),
          row.string(3),
          static_cast<std::size_t>(row.integer(4)),
          static_cast<Distance>(row.integer(5))};
}

std::string_view text(const std::string& string) { return string; }

}  // namespace

VectorizeDatabase::VectorizeDatabase(const std::string& path)
    : in_memory_(path.empty()), database_(in_memory_ ? Sqlite(path) : open_exclusively(path, vectorize_cache_kib)) {
  database_.execute(vectorize_schema);
  put_ = database_.prepare(
      "INSERT INTO vectors (owner, id, namespace, metadata, cells, floats) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET namespace = excluded.namespace, metadata = excluded.metadata, cells = excluded.cells, "
      "floats = excluded.floats");
  erase_ = database_.prepare("DELETE FROM vectors WHERE owner = ? AND id = ?");
  keep_vector_ = database_.prepare(
      "INSERT INTO mutation_vectors (mutation, id, namespace, metadata, floats) VALUES (?, ?, ?, ?, ?)");
  metadata_ = database_.prepare("SELECT metadata FROM vectors WHERE owner = ? AND id = ?");
}

VectorizeDatabase::CreateResult VectorizeDatabase::create(VectorizeRecord& record) {
  const std::lock_guard lock(mutex_);
  SqliteStatement taken = database_.prepare("SELECT 1 FROM indexes WHERE name = ?");
  if (taken.run(text(record.name)).next()) return CreateResult::taken;
  SqliteStatement all = database_.prepare("SELECT count(*) FROM indexes");
  if (Cursor count = all.run(); count.next() && count.integer(0) >= max_indexes) return CreateResult::too_many;
  Transaction transaction(database_);
  database_.prepare("DELETE FROM removed WHERE name = ?").execute(text(record.name));
  database_.prepare("INSERT INTO indexes (name, description, created_on, dimensions, metric) VALUES (?, ?, ?, ?, ?)")
      .execute(text(record.name), text(record.description), text(record.created_on),
               static_cast<std::int64_t>(record.dimensions), static_cast<std::int64_t>(record.metric));
  record.number = database_.last_insert_rowid();
  transaction.commit();
  return CreateResult::done;
}

std::optional<VectorizeRecord> VectorizeDatabase::find(std::string_view name) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare("SELECT number, name, description, created_on, dimensions, metric FROM indexes WHERE name = ?");
  Cursor row = statement.run(name);
  if (!row.next()) return std::nullopt;
  return vectorize_record_of(row);
}

bool VectorizeDatabase::was_removed(std::string_view name) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement = database_.prepare("SELECT 1 FROM removed WHERE name = ?");
  return statement.run(name).next();
}

std::vector<VectorizeRecord> VectorizeDatabase::list() {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement = database_.prepare(
      "SELECT number, name, description, created_on, dimensions, metric FROM indexes ORDER BY number");
  std::vector<VectorizeRecord> found;
  Cursor row = statement.run();
  while (row.next()) found.push_back(vectorize_record_of(row));
  return found;
}

void VectorizeDatabase::remove(const VectorizeRecord& record) {
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  for (const char* sql :
       {"DELETE FROM mutation_vectors WHERE mutation IN (SELECT number FROM mutations WHERE owner = ?)",
        "DELETE FROM mutations WHERE owner = ?", "DELETE FROM vectors WHERE owner = ?",
        "DELETE FROM metadata_indexes WHERE owner = ?", "DELETE FROM indexes WHERE number = ?"})
    database_.prepare(sql).execute(record.number);
  database_.prepare("INSERT OR IGNORE INTO removed (name) VALUES (?)").execute(text(record.name));
  transaction.commit();
}

std::vector<PropertyIndex> VectorizeDatabase::metadata_indexes(std::int64_t index) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare("SELECT number, property, type FROM metadata_indexes WHERE owner = ? ORDER BY number");
  std::vector<PropertyIndex> found;
  Cursor row = statement.run(index);
  while (row.next()) found.push_back({row.integer(0), row.string(1), static_cast<PropertyType>(row.integer(2))});
  return found;
}

std::vector<PendingMutation> VectorizeDatabase::pending(std::int64_t index) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare("SELECT number, accepted, due, id, kind FROM mutations WHERE owner = ? ORDER BY number");
  std::vector<PendingMutation> found;
  Cursor row = statement.run(index);
  while (row.next())
    found.push_back({row.integer(0), row.integer(1), row.integer(2), row.string(3),
                     static_cast<StoredMutation::Kind>(row.integer(4))});
  return found;
}

StoredMutation VectorizeDatabase::read_pending(const PendingMutation& pending) {
  const std::lock_guard lock(mutex_);
  StoredMutation mutation{.id = pending.id, .kind = pending.kind};
  SqliteStatement head = database_.prepare("SELECT property, type FROM mutations WHERE number = ?");
  if (Cursor row = head.run(pending.number); row.next())
    mutation.metadata_index = {0, row.string(0), static_cast<PropertyType>(row.integer(1))};
  SqliteStatement vectors = database_.prepare(
      "SELECT id, namespace, metadata, floats FROM mutation_vectors WHERE mutation = ? ORDER BY rowid");
  Cursor row = vectors.run(pending.number);
  while (row.next()) {
    StoredVector vector{.id = row.string(0), .ns = row.string(1), .metadata = row.string(2)};
    const std::string_view floats = row.bytes(3);
    vector.values.resize(floats.size() / sizeof(float));
    if (!floats.empty()) std::memcpy(vector.values.data(), floats.data(), floats.size());
    mutation.vectors.push_back(std::move(vector));
  }
  return mutation;
}

Progress VectorizeDatabase::progress(std::int64_t index) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement = database_.prepare("SELECT mutation, accepted FROM indexes WHERE number = ?");
  Cursor row = statement.run(index);
  if (!row.next()) return {};
  return {row.string(0), row.integer(1)};
}

void VectorizeDatabase::read_vectors(std::int64_t index, const std::function<void(const VectorRow&)>& take) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement =
      database_.prepare("SELECT id, namespace, cells, floats FROM vectors WHERE owner = ? ORDER BY rowid");
  Cursor row = statement.run(index);
  while (row.next()) take({row.bytes(0), row.bytes(1), row.bytes(2), row.bytes(3)});
}

std::string VectorizeDatabase::metadata(std::int64_t index, std::string_view id) {
  const std::lock_guard lock(mutex_);
  Cursor row = metadata_.run(index, id);
  return row.next() ? row.string(0) : std::string();
}

VectorizeDatabase::Write::Write(VectorizeDatabase& database)
    : database_(database), lock_(database.mutex_), transaction_(database.database_) {}

std::int64_t VectorizeDatabase::Write::keep(std::int64_t index, const StoredMutation& mutation,
                                            const PendingMutation& times) {
  Sqlite& sqlite = database_.database_;
  sqlite.prepare("INSERT INTO mutations (owner, id, kind, accepted, due, property, type) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .execute(index, text(mutation.id), static_cast<std::int64_t>(mutation.kind), times.accepted, times.due,
               text(mutation.metadata_index.property), static_cast<std::int64_t>(mutation.metadata_index.type));
  const std::int64_t number = sqlite.last_insert_rowid();
  for (const StoredVector& vector : mutation.vectors)
    database_.keep_vector_.execute(number, text(vector.id), text(vector.ns), text(vector.metadata),
                                   Blob{bytes_of(vector.values)});
  return number;
}

void VectorizeDatabase::Write::forget(const PendingMutation& pending) {
  database_.database_.prepare("DELETE FROM mutation_vectors WHERE mutation = ?").execute(pending.number);
  database_.database_.prepare("DELETE FROM mutations WHERE number = ?").execute(pending.number);
}

void VectorizeDatabase::Write::put(std::int64_t index, const StoredVector& vector, std::string_view cells) {
  // A database in memory is never read back, so it need not hold the values a second time.
  const std::string_view floats = database_.in_memory_ ? std::string_view() : bytes_of(vector.values);
  database_.put_.execute(index, text(vector.id), text(vector.ns), text(vector.metadata), cells, Blob{floats});
}

void VectorizeDatabase::Write::erase(std::int64_t index, std::string_view id) { database_.erase_.execute(index, id); }

std::int64_t VectorizeDatabase::Write::add(std::int64_t index, const PropertyIndex& metadata_index) {
  database_.database_.prepare("INSERT INTO metadata_indexes (owner, property, type) VALUES (?, ?, ?)")
      .execute(index, text(metadata_index.property), static_cast<std::int64_t>(metadata_index.type));
  return database_.database_.last_insert_rowid();
}

void VectorizeDatabase::Write::remove(std::int64_t index, std::string_view property) {
  database_.database_.prepare("DELETE FROM metadata_indexes WHERE owner = ? AND property = ?").execute(index, property);
}

void VectorizeDatabase::Write::set_progress(std::int64_t index, const Progress& progress) {
  database_.database_.prepare("UPDATE indexes SET mutation = ?2, accepted = ?3 WHERE number = ?1")
      .execute(index, text(progress.mutation), progress.accepted);
}

}  // namespace cloudflare::local
