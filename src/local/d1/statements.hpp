#pragma once

// Prepared statements that may come again: preparing one costs several times what it costs to run.

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace cloudflare::local {

struct D1Statement {
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Handle = std::unique_ptr<sqlite3_stmt, Finalize>;

  Handle handle{};  ///< Null: the text held no statement.
  bool reads_table = false;
  bool alters_table = false;
  bool plain = false;  ///< See D1Authorizer::plain.
};

/// Plain statements of one connection that ran lately, by their text.
class D1Statements {
 public:
  /// Takes the statement of this text out, to run it.
  [[nodiscard]] std::optional<D1Statement> take(std::string_view sql);
  /// Keeps the statement that was asked for last and has run to its end, if it is plain.
  void keep(std::string_view sql, D1Statement statement);
  /// Forgets all. Needed when the schema may have changed: SQLite would prepare them again where nobody expects it.
  void clear() noexcept;

 private:
  struct Kept {
    std::string sql{};
    D1Statement statement{};
  };
  // They bound the memory of a database: a statement takes about ten times its text.
  std::array<Kept, 16> kept_{};
  std::size_t next_ = 0;   // the one that a new statement replaces
  std::size_t place_ = 0;  // where the one that runs will be kept
};

}  // namespace cloudflare::local
