#pragma once

// What D1 lets SQL do. The lists were found by trying each pragma and function on Cloudflare's engine (workerd).

#include <string>

#include <sqlite3.h>

namespace cloudflare::local {

/// Installed on a connection; answers while SQLite prepares statements.
class D1Authorizer {
 public:
  void install(sqlite3* handle);

  /// Lifts every restriction while it lives, for the store's own statements.
  class Trust {
   public:
    explicit Trust(D1Authorizer& authorizer) : authorizer_(authorizer) { ++authorizer_.trusted_; }
    ~Trust() { --authorizer_.trusted_; }
    Trust(const Trust&) = delete;
    Trust& operator=(const Trust&) = delete;

   private:
    D1Authorizer& authorizer_;
  };

  /// Call it before a statement is prepared.
  void begin() {
    transaction_refused_ = false;
    reads_table_ = false;
    alters_table_ = false;
    plain_ = true;
  }
  /// The statement was refused because it begins or ends a transaction.
  [[nodiscard]] bool transaction_refused() const noexcept { return transaction_refused_; }
  /// The statement reads at least one table.
  [[nodiscard]] bool reads_table() const noexcept { return reads_table_; }
  /// The statement is an ALTER TABLE. SQLite does not report the new name.
  [[nodiscard]] bool alters_table() const noexcept { return alters_table_; }
  /// The statement only reads, inserts, updates and deletes rows: it leaves the schema and the settings as they are.
  [[nodiscard]] bool plain() const noexcept { return plain_; }

 private:
  static int ask(void* self, int action, const char* first, const char* second, const char* database,
                 const char* trigger);
  bool allows(int action, const char* first, const char* second);

  int trusted_ = 0;
  bool transaction_refused_ = false;
  bool reads_table_ = false;
  bool alters_table_ = false;
  bool plain_ = true;
};

}  // namespace cloudflare::local
