#include "local/d1/statements.hpp"

#include <utility>

namespace cloudflare::local {

bool D1Statements::is_small(sqlite3_stmt* statement) {
  constexpr int most_bytes = 64 * 1024;  // views of views make a megabyte of a few words
  return sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_MEMUSED, 0) <= most_bytes;
}

D1Statements::Kept* D1Statements::find(std::string_view sql) noexcept {
  for (Kept& kept : kept_)
    if (kept.sql == sql) return &kept;
  return nullptr;
}

D1Statement D1Statements::take(std::string_view sql) {
  Kept* const kept = find(sql);
  return kept == nullptr ? D1Statement() : std::move(kept->statement);
}

void D1Statements::keep(std::string_view sql, D1Statement statement) {
  if (!statement.may_be_kept) return;
  sqlite3_reset(statement.handle.get());
  sqlite3_clear_bindings(statement.handle.get());  // they view texts of the request
  Kept* kept = find(sql);
  if (kept == nullptr) {
    kept = &kept_[next_];
    kept->sql = sql;
    next_ = (next_ + 1) % kept_.size();
  }
  kept->statement = std::move(statement);
}

void D1Statements::clear() noexcept {
  for (Kept& kept : kept_) kept.statement.handle.reset();
}

}  // namespace cloudflare::local
