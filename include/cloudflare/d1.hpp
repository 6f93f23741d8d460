#pragma once

// D1: D1Database runs SQL on one database, D1Databases manages the databases of the account.

#include <initializer_list>

#include <cloudflare/client.hpp>
#include <cloudflare/detail/d1_ops.hpp>

namespace cloudflare {

class CheckedD1Database;
class CheckedD1Databases;
class AsyncD1Database;
class AsyncD1Databases;

/// The operations on one database, once for all views.
///
/// All of them leave Error kinds unauthorized, not_found (code 7404: no such database), rejected (code 7500: SQL that
/// SQLite refuses, with its text), overloaded (7429), rate_limited, timeout, cancelled, transport, server, decode;
/// caller mistakes are invalid_argument before any request.
///
/// A single statement that begins with SELECT, VALUES or EXPLAIN is repeated like any read. Every other one is sent
/// once when it may have been executed (cut connection, timeout, 5xx): the error then says outcome_unknown(). With
/// `with({.replay_safe = true})` it is repeated all the same.
///
/// At most 100 parameters and 100 000 bytes of SQL for each statement (Cloudflare docs, "D1 limits").
template <class View>
class D1Verbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// The rows of one statement as tuples, by position: `query<std::int64_t, std::string>("SELECT id, name …")`.
  ///
  /// POST …/raw. Columns: integers, double, bool, string, string_view (valid while the Rows live), d1::Blob,
  /// sys_seconds, std::optional of these where NULL may come, types with a d1::Type. Integers from 2^53 on are refused,
  /// since they may have been rounded on the server: CAST(x AS TEXT) keeps them.
  /// @throws Error  decode, with row and column, for a NULL, a type or a number of columns that does not fit
  template <class... Columns>
  [[nodiscard]] Returns<d1::Rows<std::tuple<Columns...>>> query(std::string_view sql,
                                                                const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::TypedReader<std::tuple<Columns...>>::read);
  }
  template <class... Columns>
  [[nodiscard]] Returns<d1::Rows<std::tuple<Columns...>>> query(const d1::Statement& statement) const {
    return query<Columns...>(statement.sql, statement.params);
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

  /// The only row of a statement, or nothing: a tuple, or with `query_one_as` a struct. @throws Error  decode, also if
  /// there are several rows
  template <class... Columns>
  [[nodiscard]] Returns<std::optional<std::tuple<Columns...>>> query_one(
      std::string_view sql, const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_one<std::tuple<Columns...>>);
  }
  template <class T>
  [[nodiscard]] Returns<std::optional<T>> query_one_as(std::string_view sql,
                                                       const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_one<T>);
  }
  /// The one value of the only row, or nothing: `query_value<std::int64_t>("SELECT count(*) FROM users")`.
  template <class T>
  [[nodiscard]] Returns<std::optional<T>> query_value(std::string_view sql,
                                                      const d1::Params& params = d1::Params()) const {
    return run_query(sql, params, detail::read_value<T>);
  }

  /// The rows of one statement as a JSON array of objects, as the server sends them. POST …/query. Of columns with the
  /// same name the server keeps one.
  template <class Json = nlohmann::json>
  [[nodiscard]] Returns<Json> query_json(std::string_view sql, const d1::Params& params = d1::Params()) const {
    auto parse = [](const JsonText& rows) -> Result<Json> {
      try {
        return detail::parse_as<Json, Json>("the rows", rows.text());
      } catch (const Error& error) {
        return error;
      }
    };
    return View::run(context_, detail::Mapped(ops::d1_query_json(context_, id_, sql, params), parse));
  }

  /// Runs one statement, or several separated by `;` (then without params; D1 runs them as one batch), and keeps the
  /// result of each. POST …/raw.
  Returns<d1::Results> execute(std::string_view sql, const d1::Params& params = d1::Params()) const {
    return View::run(context_, ops::d1_execute(context_, id_, sql, params));
  }
  Returns<d1::Results> execute(const d1::Statement& statement) const {
    return execute(statement.sql, statement.params);
  }

  /// Runs statements in order, each with its own parameters, and keeps the result of each: all of them take effect, or
  /// none (Cloudflare documents the transaction for the binding; the engine does the same over HTTP).
  /// POST …/raw. Never repeated when the outcome is unknown, whatever the statements are.
  Returns<d1::Results> batch(std::span<const d1::Statement> statements) const {
    return View::run(context_, ops::d1_batch(context_, id_, statements));
  }
  Returns<d1::Results> batch(std::initializer_list<d1::Statement> statements) const {
    return batch(std::span(statements.begin(), statements.size()));
  }

  /// Inserts any number of rows: INSERT statements of as many rows as 100 parameters allow, up to 100 statements and
  /// 1 MB a request, in order, one request at a time. The range is read lazily, once. Rows: tuples, pairs, arrays,
  /// d1::Params, or structs whose columns come in the order of `columns`. A request takes effect as a whole or not at
  /// all; the first that fails ends the call, and the result says where.
  ///
  /// POST …/query. Sent once, like every write.
  /// @throws Error  only what is found before the first request, or what `on_progress` throws
  template <std::ranges::input_range R>
  Returns<d1::InsertResult> insert_many(std::string_view table, std::span<const std::string_view> columns, R&& rows,
                                        const d1::InsertOptions& options = d1::InsertOptions()) const {
    return View::run(context_, ops::d1_insert_many(context_, id_, table, columns,
                                                   ops::make_row_source(View::keep(std::forward<R>(rows))), options));
  }
  template <std::ranges::input_range R>
  Returns<d1::InsertResult> insert_many(std::string_view table, std::initializer_list<std::string_view> columns,
                                        R&& rows, const d1::InsertOptions& options = d1::InsertOptions()) const {
    return insert_many(table, std::span(columns.begin(), columns.size()), std::forward<R>(rows), options);
  }

  /// The id of the database.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

 protected:
  D1Verbs(detail::Context context, std::string id) : context_(std::move(context)), id_(std::move(id)) {}

  template <class Read>
  auto run_query(std::string_view sql, const d1::Params& params, Read read) const {
    return View::run(context_, detail::Mapped(ops::d1_query(context_, id_, sql, params), read));
  }

  detail::Context context_;
  std::string id_;
};

extern template class CLOUDFLARE_API D1Verbs<Throwing>;
extern template class CLOUDFLARE_API D1Verbs<Checked>;

/// One D1 database: SQL on SQLite, over HTTP.
///
/// A handle: a copy costs a reference count and a short string. Any thread may use it. It keeps the client's core
/// alive. Rows do not need it any more.
class CLOUDFLARE_API D1Database : public D1Verbs<Throwing> {
 public:
  D1Database(const ApiClient& client, std::string id) : D1Verbs(client.context(), std::move(id)) {}

  [[nodiscard]] CheckedD1Database checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncD1Database async() const;
  /// The same database with other limits for its calls.
  [[nodiscard]] D1Database with(const CallOptions& options) const;

 private:
  using D1Verbs::D1Verbs;
};

class CheckedD1Database : public D1Verbs<Checked> {
 private:
  friend D1Database;
  using D1Verbs::D1Verbs;
};

/// The operations on the account's databases, once for all views.
template <class View>
class D1DatabasesVerbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// Creates a database; its name is letters, digits, `_` and `-`, beginning with a letter or digit.
  ///
  /// POST …/database. Sent once: after an unknown outcome look for the name.
  /// @throws Error  conflict (7502: the name is taken), rejected (7406: too many databases)
  Returns<d1::Database> create(std::string_view name, const d1::CreateOptions& options = d1::CreateOptions()) const {
    return View::run(context_, ops::d1_create(context_, name, options));
  }
  /// The database with this id or, as the API allows, this name. `fields` limits what comes back: "uuid", "name",
  /// "created_at", "version", "jurisdiction", "num_tables", "file_size", "running_in_region", "read_replication".
  ///
  /// GET …/database/{id}. Repeated. @throws Error  not_found (7404)
  [[nodiscard]] Returns<d1::Database> get(std::string_view id_or_name,
                                          std::initializer_list<std::string_view> fields = no_fields) const {
    return View::run(context_, ops::d1_get_database(context_, id_or_name, std::span(fields.begin(), fields.size())));
  }
  /// Switches read replication. Switching it off can take hours. PATCH …/database/{id}. Repeated.
  Returns<d1::Database> update(std::string_view id, d1::ReadReplication read_replication) const {
    return View::run(context_, ops::d1_update(context_, id, read_replication));
  }
  /// The same by PUT, which replaces all that can be changed; today that is read replication alone. Repeated.
  Returns<d1::Database> replace(std::string_view id, d1::ReadReplication read_replication) const {
    return View::run(context_, ops::d1_replace(context_, id, read_replication));
  }
  /// Removes a database with all its data. DELETE …/database/{id}. Repeated. @throws Error  not_found (7404)
  Returns<void> remove(std::string_view id) const { return View::run(context_, ops::d1_remove(context_, id)); }

  /// One page. GET …/database, exactly one request. Repeated.
  [[nodiscard]] Returns<d1::DatabasePage> list_page(
      const d1::DatabaseListOptions& options = d1::DatabaseListOptions()) const {
    return View::run(context_, ops::d1_list_databases(context_, options));
  }
  /// A walk over all pages.
  [[nodiscard]] Pages<View, d1::DatabasePage> pages(
      const d1::DatabaseListOptions& options = d1::DatabaseListOptions()) const {
    return {context_, ops::d1_database_walk(context_, options)};
  }
  /// The database with exactly this name, looked for on every page; nullopt if there is none.
  [[nodiscard]] Returns<std::optional<d1::Database>> find(std::string_view name) const {
    return View::run(context_, ops::D1FindDatabase(context_, name));
  }

 protected:
  explicit D1DatabasesVerbs(detail::Context context) : context_(std::move(context)) {}
  static constexpr std::initializer_list<std::string_view> no_fields{};
  detail::Context context_;
};

extern template class CLOUDFLARE_API D1DatabasesVerbs<Throwing>;
extern template class CLOUDFLARE_API D1DatabasesVerbs<Checked>;

/// The D1 databases of the client's account. A handle, like D1Database.
class CLOUDFLARE_API D1Databases : public D1DatabasesVerbs<Throwing> {
 public:
  explicit D1Databases(const ApiClient& client) : D1DatabasesVerbs(client.context()) {}

  /// All databases, page after page, for range-for.
  [[nodiscard]] d1::DatabaseRange list(const d1::DatabaseListOptions& options = d1::DatabaseListOptions()) const {
    return d1::DatabaseRange(pages(options));
  }
  [[nodiscard]] CheckedD1Databases checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncD1Databases async() const;
  [[nodiscard]] D1Databases with(const CallOptions& options) const;

 private:
  using D1DatabasesVerbs::D1DatabasesVerbs;
};

class CheckedD1Databases : public D1DatabasesVerbs<Checked> {
 private:
  friend D1Databases;
  using D1DatabasesVerbs::D1DatabasesVerbs;
};

}  // namespace cloudflare
