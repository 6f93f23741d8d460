#pragma once

// Runs SQL on one SQLite database with D1's limits, and writes results as D1's JSON.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "local/d1/authorizer.hpp"
#include "local/d1/statements.hpp"
#include "local/http/json.hpp"
#include "local/storage/sqlite.hpp"
#include "local/storage/watchdog.hpp"

namespace cloudflare::local {

struct D1Query {
  std::string sql{};
  std::vector<Json> params{};  ///< null, boolean, number, string, or an array of byte values.
};

enum class D1Format : std::uint8_t { objects, rows };

/// The totals of a run of several statements.
struct D1Totals {
  std::int64_t queries = 0;
  std::int64_t changes = 0;
  std::int64_t rows_read = 0;
  std::int64_t rows_written = 0;
  double duration_ms = 0;
};

/// Used by one thread at a time.
class D1Engine {
 public:
  /// An empty path keeps the database in memory. @throws SqliteError
  D1Engine(const std::string& path, Watchdog& watchdog);

  /// Called before the first statement of a transaction that may write.
  std::function<void()> before_write{};
  /// Called after a transaction that wrote was committed.
  std::function<void()> after_write{};

  /// Runs all queries as one transaction and returns the JSON array of their results.
  /// @throws ApiError  nothing was changed
  [[nodiscard]] std::string run(std::span<const D1Query> queries, D1Format format, std::uint64_t reply_limit);

  /// Runs the statements that `each` passes to its argument as one transaction, without results. @throws ApiError
  D1Totals run_all(const std::function<void(const std::function<void(std::string_view)>&)>& each);

  /// The `meta` of a result.
  [[nodiscard]] std::string meta_json(const D1Totals& totals, std::int64_t size_before);

  /// Bytes in use.
  [[nodiscard]] std::int64_t size();
  /// Forgets statements and size. Call it before the database is changed without this engine.
  void forget() noexcept;
  /// The number of the user's tables.
  [[nodiscard]] std::int64_t count_tables();
  [[nodiscard]] bool has_virtual_tables();
  [[nodiscard]] Sqlite& database() noexcept { return database_; }

 private:
  class Work;
  class Timed;

  /// Calls `run` and interrupts its statements after `time`. @throws ApiError  7429 they took longer
  template <class Run>
  void within(std::chrono::steady_clock::duration time, Run run);
  [[noreturn]] static void throw_out_of_time();
  /// The first statement of `sql`; `rest` is what follows it.
  D1Statement prepare(std::string_view sql, std::string_view& rest);
  void run_query(const D1Query& query, D1Format format, std::string* out);
  void bind(sqlite3_stmt* statement, const std::vector<Json>& params);
  std::int64_t step_all(sqlite3_stmt* statement, D1Format format, std::string* out);
  [[nodiscard]] std::int64_t one_number(SqliteStatement& statement);

  Watchdog& watchdog_;
  Sqlite database_;
  D1Authorizer authorizer_{};
  D1Statements statements_{};
  // BEGIN is deferred, unlike that of Transaction: SQLite copies no snapshot of a database that may be written to.
  SqliteStatement begin_{}, commit_{}, page_count_{}, freelist_count_{}, tables_{}, reserved_{}, virtual_tables_{};
  std::int64_t page_size_ = 0;
  std::optional<std::int64_t> size_{};  // empty: something may have been written since it was asked for
  bool may_write_ = false;              // in the open transaction
  std::uint64_t reply_limit_ = 0;
  D1Totals totals_{};  // of the running call
};

}  // namespace cloudflare::local
