#pragma once

// What an SQL database offers over either API: D1 over v4 (D1Database) or behind EdgeBase's service key
// (edgebase::D1Database). Code for both takes `const SqlDatabase<Throwing>&`.

#include <cloudflare/detail/d1_ops.hpp>
#include <cloudflare/detail/view.hpp>
#include <cloudflare/json.hpp>

namespace cloudflare {

/// The operations on rows that both APIs have, written once for all views.
///
/// All of them may fail with the Error kinds unauthorized, not_found (no such database), rejected (SQL that SQLite
/// refuses, with its text), overloaded, rate_limited, timeout, cancelled, transport, server, decode; caller mistakes
/// are invalid_argument before any request.
///
/// A single statement that begins with SELECT, VALUES or EXPLAIN is repeated like any read. Every other one is sent
/// once when it may have been executed (cut connection, timeout, 5xx): the error then says outcome_unknown(). With
/// `with({.replay_safe = true})` it is repeated all the same.
///
/// At most 100 parameters and 100 000 bytes of SQL for each statement (Cloudflare docs, "D1 limits").
///
/// EdgeBase (POST /api/d1/{name}) sends rows as objects. So only one of several columns with the same name is left, and
/// columns whose names are whole numbers come first: rename such columns with AS. For several statements it returns the
/// last result only.
template <class View>
class SqlDatabase {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// The rows of one statement as tuples, by position: `query<std::int64_t, std::string>("SELECT id, name …")`.
  ///
  /// POST …/raw. Columns: integers, double, bool, string, string_view (valid while the Rows live), d1::Blob,
  /// sys_seconds, std::optional of these where NULL may come, types with a d1::Type. Integers from 2^53 on are refused,
  /// since they may have been rounded on the server: CAST(x AS TEXT) keeps them.
  /// @throws Error  decode, with row and column, for a NULL, a type or a number of columns that does not fit
  template <class Column, class... Columns>
  [[nodiscard]] Returns<d1::Rows<std::tuple<Column, Columns...>>> query(std::string_view sql,
                                                                        const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::TypedReader<std::tuple<Column, Columns...>>::read);
  }
  template <class Column, class... Columns>
  [[nodiscard]] Returns<d1::Rows<std::tuple<Column, Columns...>>> query(const d1::Statement& statement) const {
    return query<Column, Columns...>(statement.sql, statement.params);
  }

  /// The rows of one statement whose columns are not known beforehand: `query("SELECT * FROM t")`. Columns of the same
  /// name are all there, in order, but not from EdgeBase. POST …/raw. @throws Error  decode
  [[nodiscard]] Returns<d1::Table> query(std::string_view sql, const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_table);
  }
  [[nodiscard]] Returns<d1::Table> query(const d1::Statement& statement) const {
    return query(statement.sql, statement.params);
  }

  /// The rows of one statement as structs, by the names of the columns (see d1::Column); other columns are left out.
  /// POST …/raw. @throws Error  decode, also for a missing column or one that comes twice
  template <class T>
  [[nodiscard]] Returns<d1::Rows<T>> query_as(std::string_view sql, const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::TypedReader<T>::read);
  }
  template <class T>
  [[nodiscard]] Returns<d1::Rows<T>> query_as(const d1::Statement& statement) const {
    return query_as<T>(statement.sql, statement.params);
  }

  /// The only row of a statement, or nullopt: a tuple, or with `query_one_as` a struct. @throws Error  decode, also if
  /// there are several rows
  template <class... Columns>
  [[nodiscard]] Returns<std::optional<std::tuple<Columns...>>> query_one(
      std::string_view sql, const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_one<std::tuple<Columns...>>);
  }
  /// The same as a struct, by the names of the columns.
  template <class T>
  [[nodiscard]] Returns<std::optional<T>> query_one_as(std::string_view sql,
                                                       const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_one<T>);
  }
  /// The one value of the only row, or nullopt: `query_value<std::int64_t>("SELECT count(*) FROM users")`.
  template <class T>
  [[nodiscard]] Returns<std::optional<T>> query_value(std::string_view sql,
                                                      const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_value<T>);
  }

  /// The rows of one statement as a JSON array of objects, as the server sends them. POST …/query. If columns have the
  /// same name, the server keeps one of them.
  template <class Json = nlohmann::json>
  [[nodiscard]] Returns<Json> query_json(std::string_view sql, const d1::Params& params = d1::Params()) const {
    auto parse = [](const JsonText& rows) { return detail::try_parse_as<Json, Json>("the rows", rows.text()); };
    return View::run(context_, detail::Mapped(ops::d1_query_json(context_, id_, sql, params), parse));
  }

  /// Calls `fn` with each row while the reply arrives, so that neither the reply nor the rows are kept: for results of
  /// any size, also beyond ClientOptions::reply_limit. Three forms:
  ///
  ///     db.for_each_row<std::int64_t, std::string_view>(sql, {}, [](std::int64_t id, std::string_view name) { … });
  ///     db.for_each_row_as<User>(sql, {}, [](const User& user) { … });
  ///     db.for_each_row(sql, {}, [](const d1::Row& row) { … });
  ///
  /// `fn` runs on the thread that drives the call, which is the I/O thread in the asynchronous view. Views and a Row
  /// are valid during its call. What it throws ends the call and reaches the caller. The client's timeout bounds the
  /// whole call with the time that `fn` takes: `with({.timeout = …})`.
  ///
  /// POST …/raw. No row is handed over twice: after the first one nothing is repeated, and the error says how many were
  /// handed over. A failure that the server reports behind the rows is an error too. The JSON text of a row has at most
  /// limits::d1_row_json_bytes (32 MiB).
  /// @throws Error  as query(), and too_large
  template <class... Columns, class Fn>
  Returns<d1::ReadResult> for_each_row(std::string_view sql, const d1::Params& params, Fn&& fn) const {
    return read_each<std::tuple<Columns...>>(sql, params, std::forward<Fn>(fn));
  }
  template <class... Columns, class Fn>
  Returns<d1::ReadResult> for_each_row(std::string_view sql, Fn&& fn) const {
    return read_each<std::tuple<Columns...>>(sql, d1::Params(), std::forward<Fn>(fn));
  }
  template <class... Columns, class Fn>
  Returns<d1::ReadResult> for_each_row(const d1::Statement& statement, Fn&& fn) const {
    return read_each<std::tuple<Columns...>>(statement.sql, statement.params, std::forward<Fn>(fn));
  }
  /// The same with structs, by the names of the columns; see for_each_row().
  template <class T, class Fn>
  Returns<d1::ReadResult> for_each_row_as(std::string_view sql, const d1::Params& params, Fn&& fn) const {
    return read_each<T>(sql, params, std::forward<Fn>(fn));
  }
  template <class T, class Fn>
  Returns<d1::ReadResult> for_each_row_as(std::string_view sql, Fn&& fn) const {
    return read_each<T>(sql, d1::Params(), std::forward<Fn>(fn));
  }
  template <class T, class Fn>
  Returns<d1::ReadResult> for_each_row_as(const d1::Statement& statement, Fn&& fn) const {
    return read_each<T>(statement.sql, statement.params, std::forward<Fn>(fn));
  }

  /// Runs one statement, or several separated by `;` (then without params; D1 runs them as one batch), and keeps the
  /// result of each. POST …/raw.
  Returns<d1::Results> execute(std::string_view sql, const d1::Params& params = d1::Params()) const {
    return View::run(context_, ops::d1_execute(context_, id_, sql, params));
  }
  Returns<d1::Results> execute(const d1::Statement& statement) const {
    return execute(statement.sql, statement.params);
  }

 protected:
  SqlDatabase(typename View::Context context, std::string id) : context_(std::move(context)), id_(std::move(id)) {}
  ~SqlDatabase() = default;
  SqlDatabase(const SqlDatabase&) = default;
  SqlDatabase(SqlDatabase&&) noexcept = default;
  SqlDatabase& operator=(const SqlDatabase&) = default;
  SqlDatabase& operator=(SqlDatabase&&) noexcept = default;

  template <class Read>
  auto run_query(std::string_view sql, const d1::Params& params, Read read) const {
    return View::run(context_, detail::Mapped(ops::d1_query(context_, id_, sql, params), read));
  }

  template <class T, class Fn>
  auto read_each(std::string_view sql, const d1::Params& params, Fn&& fn) const {
    return View::run(context_, ops::d1_for_each_row(context_, id_, sql, params,
                                                    detail::make_row_taker<T>(View::keep(std::forward<Fn>(fn)))));
  }

  typename View::Context context_;
  std::string id_;
};

extern template class CLOUDFLARE_API SqlDatabase<Throwing>;
extern template class CLOUDFLARE_API SqlDatabase<Checked>;

}  // namespace cloudflare
