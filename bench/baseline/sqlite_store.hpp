#pragma once

// What a program would write with SQLite alone in place of the embedded store: prepared statements over tables in
// memory.

#include <sqlite3.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace baseline {

struct Item {
  std::int64_t id;
  std::string name;
  double price;
  std::string note;
};

class SqliteStore {
 public:
  SqliteStore() {
    check(sqlite3_open(":memory:", &db_));
    execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, note TEXT)");
    execute("CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    insert_ = prepared("INSERT INTO items (id, name, price, note) VALUES (?, ?, ?, ?)");
    put_ = prepared("INSERT OR REPLACE INTO kv (key, value) VALUES (?, ?)");
    get_ = prepared("SELECT value FROM kv WHERE key = ?");
  }
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  ~SqliteStore() {
    for (sqlite3_stmt* statement : {insert_, put_, get_}) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }

  void execute(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }

  void insert(const Item& item) {
    sqlite3_bind_int64(insert_, 1, item.id);
    bind_text(insert_, 2, item.name);
    sqlite3_bind_double(insert_, 3, item.price);
    bind_text(insert_, 4, item.note);
    run(insert_);
  }
  void put(std::string_view key, std::string_view value) {
    bind_text(put_, 1, key);
    sqlite3_bind_blob(put_, 2, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    run(put_);
  }
  std::string get(std::string_view key) {
    bind_text(get_, 1, key);
    if (sqlite3_step(get_) != SQLITE_ROW) throw std::runtime_error("no value");
    std::string value(static_cast<const char*>(sqlite3_column_blob(get_, 0)),
                      static_cast<std::size_t>(sqlite3_column_bytes(get_, 0)));
    sqlite3_reset(get_);
    return value;
  }

 private:
  sqlite3_stmt* prepared(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr));
    return statement;
  }
  static void bind_text(sqlite3_stmt* statement, int at, std::string_view text) {
    sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  static void run(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) throw std::runtime_error("not stored");
    sqlite3_reset(statement);
  }
  static void check(int code) {
    if (code != SQLITE_OK) throw std::runtime_error("SQLite failed");
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* put_ = nullptr;
  sqlite3_stmt* get_ = nullptr;
};

}  // namespace baseline
