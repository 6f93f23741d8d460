#include "local/storage/sqlite.hpp"

#include "base/files.hpp"
#include "local/storage/call_limits.hpp"

namespace cloudflare::local {

namespace {

// How much a statement or a copy does between two checks whether its call is over: well below a millisecond.
constexpr int instructions_between_looks = 2'000;
constexpr int pages_between_looks = 256;

[[noreturn]] void fail(sqlite3* handle) {
  throw SqliteError(handle != nullptr ? sqlite3_errmsg(handle) : "out of memory",
                    handle != nullptr ? sqlite3_extended_errcode(handle) : SQLITE_NOMEM);
}

void check(int result, sqlite3_stmt* statement) {
  if (result != SQLITE_OK) fail(sqlite3_db_handle(statement));
}

// Creates an empty file if there is none: SQLite keeps its mode, and gives it to the files it puts beside. An existing
// file must not be opened: closing it would give up the locks that this process has on it.
void create_private(const char* path) {
  const int file = detail::files::create(path, 0600);
  if (file >= 0) detail::files::close(file);
}

}  // namespace

Cursor::~Cursor() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Cursor::next() {
  const int result = sqlite3_step(statement_);
  if (result != SQLITE_ROW && result != SQLITE_DONE) fail(sqlite3_db_handle(statement_));
  return result == SQLITE_ROW;
}

std::optional<std::int64_t> Cursor::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view Cursor::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void SqliteStatement::bind(int at, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), at, value), statement_.get());
}

void SqliteStatement::bind(int at, std::string_view text) {
  check(sqlite3_bind_text64(statement_.get(), at, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                            SQLITE_UTF8),
        statement_.get());
}

void SqliteStatement::bind(int at, Blob blob) {
  // A null pointer would bind NULL.
  check(sqlite3_bind_blob64(statement_.get(), at, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(),
                            SQLITE_STATIC),
        statement_.get());
}

Sqlite::Sqlite(const std::string& path) {
  if (!path.empty()) create_private(path.c_str());
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int result = sqlite3_open_v2(path.empty() ? ":memory:" : path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (result != SQLITE_OK) fail(handle);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_progress_handler(
      handle, instructions_between_looks, [](void*) { return CallLimits::current().over() ? 1 : 0; }, nullptr);
  begin_ = prepare("BEGIN IMMEDIATE");
  commit_ = prepare("COMMIT");
}

void Sqlite::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_.get());
}

SqliteStatement Sqlite::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK)
    fail(handle_.get());
  return SqliteStatement(statement);
}

Sqlite open_exclusively(const std::string& path, int cache_kib) {
  Sqlite database(path);
  // The order matters: an exclusive lock taken before the first use of the write-ahead log needs no shared memory.
  database.execute(
      "PRAGMA locking_mode = EXCLUSIVE;"
      "PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = NORMAL;"
      "BEGIN IMMEDIATE; COMMIT;");
  database.execute(("PRAGMA cache_size = -" + std::to_string(cache_kib)).c_str());
  return database;
}

void copy_database(Sqlite& from, Sqlite& to) {
  sqlite3_backup* backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (backup == nullptr) fail(to.handle());
  while (sqlite3_backup_step(backup, pages_between_looks) == SQLITE_OK && !CallLimits::current().over()) {
  }
  const bool complete = sqlite3_backup_remaining(backup) == 0;
  const int result = sqlite3_backup_finish(backup);  // undoes an incomplete copy
  if (result != SQLITE_OK) fail(to.handle());
  if (!complete) CallLimits::current().check();
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.commit_.execute();
  open_ = false;
}

}  // namespace cloudflare::local
