#pragma once

// D1: D1Database runs SQL on one database, D1Databases manages the databases of the account.

#include <initializer_list>

#include <cloudflare/client.hpp>
#include <cloudflare/d1/sql.hpp>
#include <cloudflare/detail/d1_job_ops.hpp>

namespace cloudflare {

class CheckedD1Database;
class CheckedD1Databases;
class AsyncD1Database;
class AsyncD1Databases;

/// What a database offers over v4 in addition to the operations of SqlDatabase, written once for all views. The errors
/// are the same, with code 7404 for a database that does not exist, 7500 for SQL that SQLite refuses and 7429 for
/// overload.
template <class View>
class D1Verbs : public SqlDatabase<View> {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

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
  /// @throws Error  only for mistakes found before the first request, or what `on_progress` throws
  template <std::ranges::input_range R>
  Returns<d1::InsertResult> insert_many(std::string_view table, std::span<const std::string_view> columns, R&& rows,
                                        const d1::InsertOptions& options = d1::InsertOptions()) const {
    return View::run(context_,
                     ops::d1_insert_many(context_, id_, table, columns,
                                         ops::make_params_reader(View::keep(std::forward<R>(rows))), options));
  }
  template <std::ranges::input_range R>
  Returns<d1::InsertResult> insert_many(std::string_view table, std::initializer_list<std::string_view> columns,
                                        R&& rows, const d1::InsertOptions& options = d1::InsertOptions()) const {
    return insert_many(table, std::span(columns.begin(), columns.size()), std::forward<R>(rows), options);
  }

  /// Runs SQL of any length up to 5 GB, each statement of up to 100 000 bytes: from memory, a file, a callback or any
  /// Source. A source that cannot be rewound is written to a temporary file first, since D1 asks for the MD5 of the
  /// text before the text. Memory stays small.
  ///
  /// POST …/import: init, upload to a signed URL without credentials, ingest (sent once), polls. A lost poll is
  /// repeated; the database serves no queries meanwhile, and an import that fails leaves it unchanged (Cloudflare docs,
  /// "Import and export data"). Its only time limit is the stall timeout.
  /// An import that is cut off can be continued, and a large one can be split (ImportOptions::resume, split_bytes).
  /// @throws Error  rejected, with SQLite's text; server or overloaded: D1 restarted; decode: the etag is not the MD5;
  ///                outcome_unknown(): no answer to ingest, or none about the end of the import. result() says where
  ///                the import stands, if there is something to go on from
  Returns<d1::ImportResult> import_sql(Body sql, const d1::ImportOptions& options = d1::ImportOptions()) const {
    return View::run(context_, ops::d1_import(context_, id_, std::move(sql), options));
  }
  /// The same from a file (UTF-8 path). @throws Error  invalid_argument if it cannot be read
  Returns<d1::ImportResult> import_file(const std::string& path,
                                        const d1::ImportOptions& options = d1::ImportOptions()) const {
    return View::run(context_, ops::d1_import_file(context_, id_, path, options));
  }

  /// Writes the database to `sink` as SQL that import_sql() accepts. Memory stays small.
  ///
  /// POST …/export and polls, then a download from a signed URL without credentials. Repeated like any read. The
  /// database serves no queries meanwhile, and D1 cancels an export that is no longer polled; virtual tables (FTS5)
  /// cannot be exported (Cloudflare docs, "Import and export data"). Its only time limit is the stall timeout.
  /// @throws Error  rejected, with the server's text; result() says where an export stands that was cut off
  Returns<d1::ExportResult> export_to(std::shared_ptr<Sink> sink,
                                      const d1::ExportOptions& options = d1::ExportOptions()) const {
    return View::run(context_, ops::d1_export(context_, id_, std::move(sink), options));
  }
  /// The same to a file (UTF-8 path), which appears only when it is complete.
  Returns<d1::ExportResult> export_to_file(const std::string& path,
                                           const d1::ExportOptions& options = d1::ExportOptions()) const {
    return View::run(context_, ops::d1_export_to_file(context_, id_, path, options));
  }

  /// The bookmark of the present state, or the nearest one at or before a time of the last 30 days (7 on the Free
  /// plan).
  ///
  /// GET …/time_travel/bookmark. Repeated. @throws Error  rejected: 7400 too long ago, 7500 no history
  [[nodiscard]] Returns<std::string> bookmark(std::optional<std::chrono::sys_seconds> at = std::nullopt) const {
    return View::run(context_, ops::d1_bookmark(context_, id_, at));
  }
  /// Takes the database back to a bookmark, or to the nearest one at or before a time. Running queries are cancelled.
  /// The result holds the bookmark that undoes it. At most 10 in 10 minutes (Cloudflare docs, "D1 limits").
  ///
  /// POST …/time_travel/restore. Sent once. @throws Error  rejected: 7400 malformed or too long ago, 7500 no history
  Returns<d1::RestoreResult> restore(std::string_view bookmark) const {
    return View::run(context_, ops::d1_restore(context_, id_, bookmark));
  }
  Returns<d1::RestoreResult> restore(std::chrono::sys_seconds time) const {
    return View::run(context_, ops::d1_restore(context_, id_, time));
  }

  /// Applies the migrations of a folder (UTF-8 path) that were not applied before: its `*.sql` files ("0001_users.sql")
  /// or, where there are none, the `*/migration.sql` of Drizzle 1.0, in the order of the numbers that their names begin
  /// with. The table that wrangler uses remembers them, by their path relative to the folder, as wrangler does. A file
  /// and its record take effect together or not at all. The first file that fails ends the run; the result says what
  /// ran and which file failed, with the server's text.
  ///
  /// POST …/raw, one request to begin with and one for each file; a file of more than 100 000 bytes goes by
  /// POST …/import instead, which may take longer than 30 s. A file is sent once. Its only time limit is the stall
  /// timeout.
  /// @throws Error  only for what is found before the first file: a folder that cannot be read, holds no migration or
  ///                both layouts; a name without a number
  Returns<d1::MigrateResult> migrate(const std::string& folder,
                                     const d1::MigrateOptions& options = d1::MigrateOptions()) const {
    return View::run(context_, ops::d1_migrate(context_, id_, folder, options));
  }

  /// The id of the database.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

 protected:
  using SqlDatabase<View>::SqlDatabase;
  using SqlDatabase<View>::context_;
  using SqlDatabase<View>::id_;
};

extern template class CLOUDFLARE_API D1Verbs<Throwing>;
extern template class CLOUDFLARE_API D1Verbs<Checked>;

/// One D1 database: SQL on SQLite, over HTTP.
///
/// A handle: a copy costs a reference count and a short string. Any thread may use it. It keeps the client's core
/// alive. Rows do not need the handle.
class CLOUDFLARE_API D1Database : public D1Verbs<Throwing> {
 public:
  D1Database(const ApiClient& client, std::string id);

  [[nodiscard]] CheckedD1Database checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncD1Database async() const;
  /// The same database with other limits for its calls.
  [[nodiscard]] D1Database with(const CallOptions& options) const;

 private:
  using D1Verbs::D1Verbs;
};

/// The operations of D1Database with Result<T>.
class CheckedD1Database : public D1Verbs<Checked> {
 private:
  friend D1Database;
  using D1Verbs::D1Verbs;
};

/// The operations on the account's databases, written once for all views.
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
  /// The database with this name, created if there is none; safe when several programs do it at once.
  ///
  /// A walk over GET …/database, repeated like any read; then POST …/database, sent once. If the name is taken
  /// meanwhile (7502), or the outcome is unknown, the walk decides. Location and replication count for a new database
  /// only.
  /// @throws Error  conflict: it exists in another jurisdiction than the options ask for
  Returns<Ensured<d1::Database>> ensure(std::string_view name,
                                        const d1::CreateOptions& options = d1::CreateOptions()) const {
    return View::run(context_, ops::d1_ensure(context_, name, options));
  }
  /// The database with this id or, as the API allows, this name. `fields` limits what comes back: "uuid", "name",
  /// "created_at", "version", "jurisdiction", "num_tables", "file_size", "running_in_region", "read_replication".
  ///
  /// GET …/database/{id}. Repeated. @throws Error  not_found (7404)
  [[nodiscard]] Returns<d1::Database> get(std::string_view id_or_name,
                                          std::initializer_list<std::string_view> fields = no_fields) const {
    return View::run(context_, ops::d1_get_database(context_, id_or_name, std::span(fields.begin(), fields.size())));
  }
  /// Switches read replication on or off. Switching it off can take hours. PATCH …/database/{id}. Repeated.
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
    return View::run(context_, ops::d1_find_database(context_, name));
  }

 protected:
  explicit D1DatabasesVerbs(typename View::Context context) : context_(std::move(context)) {}
  static constexpr std::initializer_list<std::string_view> no_fields{};
  typename View::Context context_;
};

extern template class CLOUDFLARE_API D1DatabasesVerbs<Throwing>;
extern template class CLOUDFLARE_API D1DatabasesVerbs<Checked>;

/// The D1 databases of the client's account. A handle, like D1Database.
class CLOUDFLARE_API D1Databases : public D1DatabasesVerbs<Throwing> {
 public:
  explicit D1Databases(const ApiClient& client);

  /// All databases, page after page, for range-for.
  [[nodiscard]] d1::DatabaseRange list(const d1::DatabaseListOptions& options = d1::DatabaseListOptions()) const;
  [[nodiscard]] CheckedD1Databases checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncD1Databases async() const;
  [[nodiscard]] D1Databases with(const CallOptions& options) const;

 private:
  using D1DatabasesVerbs::D1DatabasesVerbs;
};

/// The operations of D1Databases with Result<T>.
class CheckedD1Databases : public D1DatabasesVerbs<Checked> {
 private:
  friend D1Databases;
  using D1DatabasesVerbs::D1DatabasesVerbs;
};

}  // namespace cloudflare
