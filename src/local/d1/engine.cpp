#include "local/d1/engine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include <cloudflare/error.hpp>

#include "local/d1/errors.hpp"
#include "local/d1/rows.hpp"
#include "local/d1/sql_functions.hpp"
#include "local/storage/call_limits.hpp"

namespace cloudflare::local {

namespace {

using SteadyClock = std::chrono::steady_clock;

// Cloudflare docs, "D1 limits". Those of depth and of compound selects were measured on the engine (workerd).
constexpr std::array<std::pair<int, int>, 12> limits_of_sqlite{{
    {SQLITE_LIMIT_LENGTH, 2'000'000},
    {SQLITE_LIMIT_SQL_LENGTH, 100'000},
    {SQLITE_LIMIT_COLUMN, 100},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 100},
    {SQLITE_LIMIT_FUNCTION_ARG, 32},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
    {SQLITE_LIMIT_EXPR_DEPTH, 100},
    {SQLITE_LIMIT_COMPOUND_SELECT, 5},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
    // The engine has 25 000; older versions of SQLite need more instructions for the same statement.
    {SQLITE_LIMIT_VDBE_OP, 50'000},
}};
constexpr std::chrono::seconds query_duration{30};
// Cloudflare documents no limit for imports: each statement has a query's time, and all of them together have this.
constexpr std::chrono::minutes import_duration{30};
// 10 GB of pages of 4096 bytes.
constexpr const char* setup = "PRAGMA foreign_keys = ON; PRAGMA max_page_count = 2441406";
constexpr int d1_cache_kib = 8 * 1024;
constexpr std::string_view whitespace = " \t\n\v\f\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(whitespace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(whitespace) - begin + 1);
}

double milliseconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

}  // namespace

// The transaction of one call, rolled back unless committed.
class D1Engine::Work {
 public:
  explicit Work(D1Engine& engine) : engine_(engine) {
    engine.may_write_ = false;
    execute(engine.begin_);
  }
  ~Work() {
    if (sqlite3_get_autocommit(handle()) != 0) return;
    engine_.forget();
    const D1Authorizer::Trust trust(engine_.authorizer_);
    sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  void commit() {
    execute(engine_.commit_);  // fails for example for a deferred foreign key
    if (engine_.may_write_ && engine_.after_write) engine_.after_write();
  }

 private:
  [[nodiscard]] sqlite3* handle() const noexcept { return engine_.database_.handle(); }
  void execute(SqliteStatement& statement) {
    const D1Authorizer::Trust trust(engine_.authorizer_);
    try {
      statement.execute();
    } catch (const SqliteError&) {
      throw d1_sqlite_error(handle(), false);
    }
  }
  D1Engine& engine_;
};

// Reports the end of the call if it is over, and otherwise the end of its statements' time.
void D1Engine::throw_out_of_time() {
  CallLimits::current().outer().check();
  throw d1_out_of_time();
}

// While it lives, statements are interrupted when their own time or that of their call is over.
class D1Engine::Timed {
 public:
  Timed(D1Engine& engine, SteadyClock::duration time)
      : limits_(std::min(CallLimits::current().deadline(), SteadyClock::now() + time), CallLimits::current().stop()),
        watch_(engine.watchdog_, engine.database_.handle(), limits_.deadline()),
        on_stop_(limits_.stop(), Interrupt{engine.database_.handle()}) {}

 private:
  struct Interrupt {
    sqlite3* handle;
    void operator()() const { sqlite3_interrupt(handle); }
  };
  CallLimits limits_;
  Watchdog::Watch watch_;
  std::stop_callback<Interrupt> on_stop_;
};

template <class Run>
void D1Engine::within(SteadyClock::duration time, Run run) {
  const Timed timed(*this, time);
  try {
    run();
  } catch (const ApiError&) {
    throw;
  } catch (...) {  // the interruption also ends the engine's own statements and a snapshot
    if (CallLimits::current().over()) throw_out_of_time();
    throw;
  }
}

D1Engine::D1Engine(const std::string& path, Watchdog& watchdog)
    : watchdog_(watchdog), database_(path.empty() ? Sqlite(path) : open_exclusively(path, d1_cache_kib)) {
  database_.execute(setup);
  sqlite3_db_config(database_.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const auto prepare_own = [this](SqliteStatement& statement, std::string_view sql) {
    statement = database_.prepare(sql);
  };
  prepare_own(page_count_, "PRAGMA page_count");
  prepare_own(freelist_count_, "PRAGMA freelist_count");
  SqliteStatement page_size;
  prepare_own(page_size, "PRAGMA page_size");
  page_size_ = one_number(page_size);
  prepare_own(begin_, "BEGIN");
  prepare_own(commit_, "COMMIT");
  prepare_own(tables_,
              "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') "
              "AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'");
  prepare_own(reserved_, "SELECT count(*) FROM sqlite_schema WHERE name GLOB '_cf_*'");
  prepare_own(virtual_tables_, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'");
  for (const auto& [limit, value] : limits_of_sqlite) sqlite3_limit(database_.handle(), limit, value);
  // SQLite may be built with other modules, whose tables D1 does not have.
  std::array<const char*, 5> kept_modules{"fts5", "fts5vocab", "json_each", "json_tree", nullptr};
  sqlite3_drop_modules(database_.handle(), kept_modules.data());
  authorizer_.install(database_.handle());
  install_bounded_functions(database_.handle());
}

std::int64_t D1Engine::one_number(SqliteStatement& statement) {
  const D1Authorizer::Trust trust(authorizer_);  // after a change of the schema SQLite prepares it again
  Cursor row = statement.run();
  return row.next() ? row.integer(0) : 0;
}

std::int64_t D1Engine::size() {
  if (!size_) size_ = (one_number(page_count_) - one_number(freelist_count_)) * page_size_;
  return *size_;
}

void D1Engine::forget() noexcept {
  statements_.clear();
  size_.reset();
}

std::int64_t D1Engine::count_tables() { return one_number(tables_); }

bool D1Engine::has_virtual_tables() { return one_number(virtual_tables_) > 0; }

std::string D1Engine::run(std::span<const D1Query> queries, D1Format format, std::uint64_t reply_limit) {
  if (queries.empty()) throw d1_sql_error("No SQL statements detected.");
  reply_limit_ = reply_limit;
  std::string out = "[";
  Work work(*this);
  within(query_duration, [&] {
    for (const D1Query& query : queries) {
      totals_ = {};
      const std::int64_t size_before = size();
      if (out.size() > 1) out += ',';
      out += R"({"success":true,"results":)";
      run_query(query, format, &out);
      out.append(R"(,"meta":)").append(meta_json(totals_, size_before)) += '}';
    }
  });
  work.commit();
  out += ']';
  return out;
}

D1Totals D1Engine::run_all(const std::function<void(const std::function<void(std::string_view)>&)>& each) {
  const auto end = SteadyClock::now() + import_duration;
  Work work(*this);
  totals_ = {};
  each([this, end](std::string_view sql) {
    CallLimits::current().check();
    const auto left = end - SteadyClock::now();
    within(std::min<SteadyClock::duration>(left, query_duration),
           [&] { run_query({.sql = std::string(sql)}, D1Format::rows, nullptr); });
  });
  work.commit();
  return totals_;
}

D1Statement D1Engine::prepare(std::string_view sql, std::string_view& rest) {
  if (D1Statement kept = statements_.take(sql); kept.handle) {
    rest = {};
    return kept;
  }
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  authorizer_.begin();
  const int result =
      sqlite3_prepare_v3(database_.handle(), sql.data(), static_cast<int>(sql.size()), 0, &statement, &tail);
  D1Statement prepared{.handle = D1Statement::Handle(statement),
                       .reads_table = authorizer_.reads_table(),
                       .alters_table = authorizer_.alters_table()};
  if (result != SQLITE_OK) {
    if (CallLimits::current().over()) throw_out_of_time();
    if (authorizer_.transaction_refused())
      throw d1_sql_error(
          "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() "
          "APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it "
          "will automatically roll back on exceptions, and because it interacts correctly with Durable Objects' "
          "automatic atomic write coalescing.");
    throw d1_sqlite_error(database_.handle(), true);
  }
  rest = trimmed(sql.substr(static_cast<std::size_t>(tail - sql.data())));
  if (!authorizer_.plain()) forget();
  prepared.may_be_kept = authorizer_.plain() && statement != nullptr && D1Statements::is_small(statement);
  return prepared;
}

// The engine's rules for one text: several statements may follow each other, the last one gives the result.
void D1Engine::run_query(const D1Query& query, D1Format format, std::string* out) {
  std::string_view rest = query.sql;
  if (trimmed(rest).empty()) throw d1_sql_error("No SQL statements detected.");
  const auto begin = SteadyClock::now();
  const std::int64_t changes_before = sqlite3_total_changes64(database_.handle());
  for (bool last = false; !last;) {
    const std::string_view text = rest;
    D1Statement prepared = prepare(text, rest);
    sqlite3_stmt* const statement = prepared.handle.get();
    if (statement == nullptr) throw d1_sql_error("SQL code did not contain a statement.");
    last = rest.empty();
    const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement));
    if (!last && wanted > 0)
      throw d1_sql_error(
          "When executing multiple SQL statements in a single call, only the last statement can have parameters.");
    if (last && wanted != query.params.size()) throw d1_sql_error("Wrong number of parameter bindings for SQL query.");
    if (last) bind(statement, query.params);
    if (sqlite3_stmt_readonly(statement) == 0) {
      size_.reset();
      if (!may_write_ && before_write) before_write();
      may_write_ = true;
    }
    const std::int64_t reserved = prepared.alters_table ? one_number(reserved_) : 0;
    const std::int64_t rows = step_all(statement, format, last ? out : nullptr);
    if (prepared.alters_table && one_number(reserved_) > reserved) throw d1_sql_error("not authorized: SQLITE_AUTH");
    // SQLite counts only the steps of scans; a row found through an index counts as a row of the result.
    const std::int64_t scanned = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
    if (prepared.reads_table) totals_.rows_read += std::max(rows, scanned);
    ++totals_.queries;
    if (rest.empty()) statements_.keep(text, std::move(prepared));
  }
  const std::int64_t changes = sqlite3_total_changes64(database_.handle()) - changes_before;
  totals_.changes += changes;
  totals_.rows_written += changes;
  totals_.duration_ms += milliseconds_since(begin);
}

void D1Engine::bind(sqlite3_stmt* statement, const std::vector<Json>& params) {
  int at = 0;
  for (const Json& param : params) {
    ++at;
    int result = SQLITE_OK;
    switch (param.kind) {
      case Json::Kind::null: break;
      // The engine binds every number and boolean as REAL; the affinity of a column decides what is stored.
      case Json::Kind::boolean: result = sqlite3_bind_double(statement, at, param.boolean ? 1 : 0); break;
      case Json::Kind::number: result = sqlite3_bind_double(statement, at, param.number); break;
      case Json::Kind::string:
        result =
            sqlite3_bind_text64(statement, at, param.string.data(), param.string.size(), SQLITE_STATIC, SQLITE_UTF8);
        break;
      default: {
        std::string bytes;
        for (const Json& byte : param.items) {
          const double rest = std::fmod(std::trunc(byte.number), 256);  // as a Uint8Array converts numbers
          bytes += static_cast<char>(static_cast<unsigned char>(rest < 0 ? rest + 256 : rest));
        }
        result = sqlite3_bind_blob64(statement, at, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
      }
    }
    if (result != SQLITE_OK) throw d1_sqlite_error(database_.handle(), false);
  }
}

std::int64_t D1Engine::step_all(sqlite3_stmt* statement, D1Format format, std::string* out) {
  D1RowWriter writer(statement, format == D1Format::objects, out);
  std::int64_t rows = 0;
  for (;;) {
    const int result = sqlite3_step(statement);
    if (result == SQLITE_DONE) break;
    // SQLite may prepare a kept statement again, and the authorizer refuses everything once the call is over.
    if (result == SQLITE_INTERRUPT || (result != SQLITE_ROW && CallLimits::current().over())) throw_out_of_time();
    if (result != SQLITE_ROW) throw d1_sqlite_error(database_.handle(), false);
    ++rows;
    writer.row();
    // An endless result would fill the memory long before its time is over.
    if (out != nullptr && out->size() > reply_limit_)
      throw Error(ErrorKind::too_large,
                  "the reply is larger than the limit of " + std::to_string(reply_limit_) + " bytes");
  }
  writer.end();
  return rows;
}

std::string D1Engine::meta_json(const D1Totals& totals, std::int64_t size_before) {
  const std::int64_t size_after = size();
  std::string duration;
  append_js_number(duration, totals.duration_ms);
  ObjectWriter timings;
  timings.raw("sql_duration_ms", duration);
  ObjectWriter meta;
  meta.text("served_by", "embedded").boolean("served_by_primary", true);
  meta.raw("duration", duration).raw("timings", std::move(timings).take());
  meta.number("changes", totals.changes);
  meta.number("last_row_id", sqlite3_last_insert_rowid(database_.handle()));
  meta.boolean("changed_db", totals.changes != 0 || size_after != size_before).number("size_after", size_after);
  meta.number("rows_read", totals.rows_read).number("rows_written", totals.rows_written);
  return std::move(meta).take();
}

}  // namespace cloudflare::local
