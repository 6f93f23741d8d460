#pragma once

// A thin layer over SQLite: connections, prepared statements, cursors that reset their statement, transactions.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cloudflare::local {

/// An error of SQLite, with its extended code.
class SqliteError : public std::runtime_error {
 public:
  SqliteError(const std::string& text, int code) : std::runtime_error(text), code_(code) {}
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

/// Bytes bound as a BLOB; plain string_views are bound as TEXT.
struct Blob {
  std::string_view bytes;
};

/// The rows of one run of a SqliteStatement. Views of a row are valid until next() is called again.
class Cursor {
 public:
  explicit Cursor(sqlite3_stmt* statement) : statement_(statement) {}
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  /// Steps to the next row; false at the end. @throws SqliteError
  bool next();
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
  /// The bytes of a TEXT or BLOB; empty for NULL.
  [[nodiscard]] std::string_view bytes(int column) const;
  [[nodiscard]] std::string string(int column) const { return std::string(bytes(column)); }
  [[nodiscard]] int width() const { return sqlite3_column_count(statement_); }
  [[nodiscard]] sqlite3_stmt* statement() const noexcept { return statement_; }

 private:
  sqlite3_stmt* statement_;
};

/// A prepared statement, to be run again and again by one thread at a time.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  /// Binds `arguments` in order; what they view must outlive the cursor.
  template <class... Arguments>
  [[nodiscard]] Cursor run(const Arguments&... arguments) {
    [[maybe_unused]] int at = 0;  // g++ 16 finds it unused without arguments
    (bind(++at, arguments), ...);
    return Cursor(statement_.get());
  }
  /// Runs a statement that gives no rows.
  template <class... Arguments>
  void execute(const Arguments&... arguments) {
    Cursor cursor = run(arguments...);
    while (cursor.next()) {
    }
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };

  void bind(int at, std::int64_t value);
  void bind(int at, std::string_view text);
  void bind(int at, Blob blob);
  template <class T>
  void bind(int at, const std::optional<T>& value) {
    if (value) bind(at, *value);  // an unbound parameter is NULL
  }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_{};
};

/// One connection. Statements and copies are interrupted when the call of their thread is over (CallLimits).
class Sqlite {
 public:
  /// Opens a file (UTF-8 path); a missing one is created, and its user alone may read it. An empty path opens a
  /// database in memory. @throws SqliteError
  explicit Sqlite(const std::string& path);

  /// Runs statements that give no rows. @throws SqliteError
  void execute(const char* sql);
  [[nodiscard]] SqliteStatement prepare(std::string_view sql);
  [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
  [[nodiscard]] std::int64_t last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_.get()); }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

 private:
  friend class Transaction;
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_{};
  SqliteStatement begin_{}, commit_{};  // of Transaction
};

/// Opens a file that this process alone may use: another one that tries gets SQLITE_BUSY at once. A commit is in the
/// operating system's hands when it returns, so it survives the end of the process in any way, but not a power cut.
[[nodiscard]] Sqlite open_exclusively(const std::string& path, int cache_kib);

/// Makes `to` a copy of `from`, or leaves it as it was. @throws SqliteError, Error
void copy_database(Sqlite& from, Sqlite& to);

/// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Sqlite& database) : database_(database) { database_.begin_.execute(); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Sqlite& database_;
  bool open_ = true;
};

}  // namespace cloudflare::local
