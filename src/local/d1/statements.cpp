#include "local/d1/statements.hpp"

#include <utility>

namespace cloudflare::local {

namespace {

constexpr std::size_t most_sql_bytes = 4'096;

}  // namespace

std::optional<D1Statement> D1Statements::take(std::string_view sql) {
  for (std::size_t i = 0; i < kept_.size(); ++i)
    if (kept_[i].statement.handle && kept_[i].sql == sql) {
      place_ = i;
      return std::move(kept_[i].statement);
    }
  place_ = next_ = (next_ + 1) % kept_.size();
  return std::nullopt;
}

void D1Statements::keep(std::string_view sql, D1Statement statement) {
  if (!statement.plain || sql.size() > most_sql_bytes) return;
  sqlite3_reset(statement.handle.get());
  sqlite3_clear_bindings(statement.handle.get());  // they view texts of the request
  kept_[place_].sql = sql;
  kept_[place_].statement = std::move(statement);
}

void D1Statements::clear() noexcept {
  for (Kept& kept : kept_) kept.statement.handle.reset();
}

}  // namespace cloudflare::local
