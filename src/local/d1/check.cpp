#include <cloudflare/local/check.hpp>

#include "d1/sql_split.hpp"
#include "local/d1/engine.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

namespace {

constexpr std::size_t check_piece_bytes = 1UL << 16;

// The statements of a text, which must outlive this, one after the other.
class Statements {
 public:
  explicit Statements(const Body& sql) : source_(sql.source()), rest_(sql.text()) {}

  bool next() {
    while (!splitter_.next(rest_))
      if (!read()) return !std::exchange(ended_, true) && splitter_.finish() && count();
    return count();
  }
  [[nodiscard]] std::string_view text() const { return splitter_.statement(); }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t line() const { return splitter_.line(); }

 private:
  bool count() { return ++number_ != 0; }
  bool read() {
    if (!source_ || ended_) return false;
    piece_.resize(check_piece_bytes);
    piece_.resize(source_->read(piece_));
    rest_ = piece_;
    return !piece_.empty();
  }

  ops::SqlSplitter splitter_{};
  std::shared_ptr<Source> source_;
  std::string piece_{};
  std::string_view rest_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

/// Runs all statements as one transaction. @throws ApiError  at the statement where `statements` stands
void run(D1Engine& engine, Statements& statements, bool& ended) {
  engine.run_all([&](const auto& run_one) {
    while (statements.next()) run_one(statements.text());
    ended = true;
  });
}

}  // namespace

std::optional<RefusedStatement> check_import(const Body& sql, std::string_view before) {
  Watchdog watchdog;
  try {
    D1Engine engine("", watchdog);
    bool ended = false;
    try {
      const Body prepared(before);
      Statements first(prepared);
      run(engine, first, ended);
    } catch (const ApiError& error) {
      throw invalid_argument("the SQL that comes before the import fails: " + error.message);
    }
    ended = false;
    Statements statements(sql);
    try {
      run(engine, statements, ended);
    } catch (const ApiError& error) {
      if (ended) return RefusedStatement{.message = error.message};
      return RefusedStatement{.statement = statements.number(), .line = statements.line(), .message = error.message};
    }
    return std::nullopt;
  } catch (const SqliteError& error) {
    throw invalid_argument(std::string("the database of the check failed: ") + error.what());
  }
}

std::optional<RefusedStatement> check_import_file(const std::string& path, std::string_view before) {
  return check_import(Body::file(path), before);
}

}  // namespace cloudflare::local
