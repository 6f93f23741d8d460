// What the client knows of SQL without a parser, against SQLite.

#include <sqlite3.h>

#include <memory>

#include "d1/sql.hpp"
#include "d1/sql_split.hpp"
#include "fuzz.hpp"

namespace {

using fuzz::require;

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

sqlite3* database() {
  static const std::unique_ptr<sqlite3, Close> open = [] {
    sqlite3* made = nullptr;
    sqlite3_open(":memory:", &made);
    sqlite3_exec(made, "CREATE TABLE t (a, b); CREATE TABLE u (x PRIMARY KEY, y); CREATE VIEW v AS SELECT a FROM t",
                 nullptr, nullptr, nullptr);
    return std::unique_ptr<sqlite3, Close>(made);
  }();
  return open.get();
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// The first statement of `sql`, null if SQLite refuses it; `rest` is what follows it.
Statement prepare(std::string_view sql, std::string_view& rest, int& state) {
  sqlite3_stmt* statement = nullptr;
  const char* tail = sql.data();
  state = sqlite3_prepare_v2(database(), sql.data(), static_cast<int>(sql.size()), &statement, &tail);
  rest = sql.substr(static_cast<std::size_t>(tail - sql.data()));
  return Statement(statement);
}

}  // namespace

FUZZ_TARGET(sql) {
  const std::size_t piece = 1 + in.below(7);
  const std::string sql = in.rest();
  const auto shape = cloudflare::ops::shape_of(sql);
  const auto statements = cloudflare::ops::split_sql(sql);
  require(shape.longest <= sql.size() && shape.statements <= sql.size(), "a text has no more than it has");

  cloudflare::ops::SqlSplitter splitter;
  std::size_t count = 0;
  const auto next = [&](std::string_view) { ++count; };
  for (std::size_t at = 0; at < sql.size(); at += piece) splitter.feed(std::string_view(sql).substr(at, piece), next);
  splitter.finish(next);
  require(count == statements.size(), "the pieces do not matter", sql);

  const std::string plain = cloudflare::ops::with_plain_lines(sql);
  require(cloudflare::ops::split_sql(plain).size() == statements.size(), "line ends do not change statements", sql);
  // SQLite ends at NUL, and takes a vertical tab for a blank only behind another one.
  if (sql.find_first_of(std::string_view("\0\v", 2)) != std::string::npos) return;
  require(cloudflare::ops::split_sql(cloudflare::ops::quoted_name(sql) + ";SELECT 1").size() == 2, "a name is one name",
          sql);

  std::string_view rest = sql;
  int state = SQLITE_OK;
  bool writes = false;
  std::size_t compiled = 0;
  for (; !rest.empty() && state == SQLITE_OK;) {
    const Statement statement = prepare(rest, rest, state);
    if (!statement) continue;
    ++compiled;
    writes = writes || sqlite3_stmt_readonly(statement.get()) == 0;
  }
  require(!shape.reads || !writes, "what is repeated as a read writes nothing", sql);
  // Where SQLite accepts all of the text, it finds the same statements.
  if (state == SQLITE_OK) require(compiled == statements.size(), "the text is cut where SQLite cuts it", sql);
}
