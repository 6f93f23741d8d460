#pragma once

// Prepared statements that may come again: preparing a short one takes longer than running it.

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace cloudflare::local {

struct D1Statement {
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Handle = std::unique_ptr<sqlite3_stmt, Finalize>;

  Handle handle{};  ///< Null: there is no statement.
  bool reads_table = false;
  bool alters_table = false;
  bool may_be_kept = false;  ///< It is plain (D1Authorizer::plain) and small.
};

/// Statements of one connection that ran lately, by their text. A new one takes the place of the oldest.
class D1Statements {
 public:
  /// Whether the memory of a statement is small enough to keep it.
  [[nodiscard]] static bool is_small(sqlite3_stmt* statement);

  /// Takes the statement of this text out, to run it; it has no handle if none is kept.
  [[nodiscard]] D1Statement take(std::string_view sql);
  /// Keeps a statement that has run to its end, if it may be kept.
  void keep(std::string_view sql, D1Statement statement);
  /// Forgets all. Needed when the schema may have changed: SQLite would prepare them again where nobody expects it.
  void clear() noexcept;

 private:
  struct Kept {
    std::string sql{};
    D1Statement statement{};
  };
  [[nodiscard]] Kept* find(std::string_view sql) noexcept;

  std::array<Kept, 16> kept_{};
  std::size_t next_ = 0;  // the oldest one
};

}  // namespace cloudflare::local
