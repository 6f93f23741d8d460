#pragma once

// Options and results of D1's long jobs: import, export, time travel, migrations.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <cloudflare/d1/types.hpp>

namespace cloudflare::d1 {

/// What an import is doing.
enum class ImportStage : std::uint8_t {
  reading,    ///< The file is read once for its MD5.
  uploading,  ///< The file is being sent.
  running,    ///< D1 runs the file; it is polled until it is done.
};

/// How far an import is.
struct ImportProgress {
  ImportStage stage = ImportStage::reading;
  std::uint64_t part = 1;                      ///< From 1; see ImportOptions::split_bytes.
  std::uint64_t bytes_done = 0;                ///< Bytes read or sent.
  std::optional<std::uint64_t> bytes_total{};  ///< Unknown while a stream without a size is read.
  std::vector<std::string> messages{};         ///< What the server says while it runs the file.
  /// Where the import stands, for ImportOptions::resume; empty while there is nothing to go on from. Kept in a file, it
  /// lets another process go on after this one was killed.
  std::string resume{};
};

/// How a text of SQL is imported. D1 serves no queries while it runs.
struct ImportOptions {
  /// Cuts the text into several imports, one after the other: a part ends with the first statement that reaches this
  /// size. Each part takes effect by itself, so a failure leaves those before it in the database. PRAGMAs at the start
  /// of the text are repeated in every part. 0: one import. D1 resets a database that runs too much at once (public
  /// reports of imports of 100 MB and more); it documents no size for that.
  std::uint64_t split_bytes = 0;
  /// Goes on with an import of the same text that was cut off: what Error::result() of its error, or the last
  /// ImportProgress::resume, holds. Parts that are finished are read but not sent; an import that D1 runs is polled.
  std::string resume{};
  /// Pause between two polls (Cloudflare docs, "Bulk import to D1": one second).
  std::chrono::milliseconds poll_interval{1'000};
  /// Called about once for each MB, and after each reply, on the thread that drives the call. If it throws, the call
  /// ends with that exception.
  std::function<void(const ImportProgress&)> on_progress{};
};

/// With several parts: the sums of those that this call saw end, and the rest as the last of them says.
struct ImportResult {
  std::int64_t num_queries = 0;
  /// State of the database after the import, for restore().
  std::string final_bookmark{};
  Meta meta{};
  std::uint64_t bytes = 0;  ///< 0 for an import that was only polled, as after ImportOptions::resume.
  std::uint64_t parts = 1;  ///< Parts whose end this call saw.
  /// The server had this file from an earlier import, so it was not sent again. With several parts: every one of them.
  bool already_uploaded = false;
};

/// How far an export is.
struct ExportProgress {
  bool downloading = false;             ///< Otherwise D1 is still writing the file.
  std::uint64_t bytes_done = 0;         ///< Downloaded; 0 again when a broken download begins anew.
  std::vector<std::string> messages{};  ///< What the server says while it writes the file.
  std::string resume{};                 ///< For ExportOptions::resume; empty before D1 has begun.
};

/// What an export holds. D1 serves no queries while it writes.
struct ExportOptions {
  bool no_data = false;
  bool no_schema = false;
  std::vector<std::string> tables{};  ///< Empty: all.
  /// Goes on with an export that was cut off: what Error::result() of its error, or the last ExportProgress::resume,
  /// holds. The other options must be the same. D1 cancels an export that is not polled for a while (it documents no
  /// time), and then begins a new one or refuses. A download begins anew.
  std::string resume{};
  /// Pause between two polls. D1 cancels an export that is no longer polled.
  std::chrono::milliseconds poll_interval{1'000};
  /// Called about once for each MB, and after each reply, on the thread that drives the call. If it throws, the call
  /// ends with that exception.
  std::function<void(const ExportProgress&)> on_progress{};
};

/// The file of SQL that an export made.
struct ExportResult {
  std::string filename{};  ///< As the server named the file.
  std::string bookmark{};  ///< Bookmark of the state that the file holds.
  std::uint64_t bytes = 0;
};

/// What a restore changed.
struct RestoreResult {
  std::string bookmark{};           ///< The state that the database is in now.
  std::string previous_bookmark{};  ///< The state it was in: restore() to it undoes this one.
  std::string message{};
};

/// Which files are migrations, and how they are run.
struct MigrateOptions {
  /// The table that remembers what was applied; wrangler's name for it by default.
  std::string table = "d1_migrations";
  /// Which files of the folder are migrations: a path relative to it, where `*` and `?` match within a name and `**`
  /// any number of folders; what stands behind `migrations_dir/` in wrangler's `migrations_pattern`. By default `*.sql`
  /// or, where there is none, the `*/migration.sql` of Drizzle 1.0; a folder that holds both is refused.
  std::string pattern{};
  /// Whether a folder without any migration is fine. By default it is an error: the path or the layout may be wrong.
  bool allow_none = false;
  /// A file of more bytes is run by an import, which may take longer than the 30 s of a query; 0: every file is. D1
  /// serves no queries during an import. The default is the limit of a single statement.
  std::size_t import_above_bytes = 100'000;
  /// Pause between two polls of such an import.
  std::chrono::milliseconds poll_interval{1'000};
  /// Called after each migration that was applied, on the thread that drives the call. If it throws, the call ends with
  /// that exception.
  std::function<void(const std::string& name)> on_applied{};
};

/// The migration that stopped the run. If `error.outcome_unknown()`, it was either applied whole or not at all, and the
/// next run finds out; otherwise it was not applied.
struct MigrationFailure {
  std::string name{};
  Error error;
};

/// What a run of migrations did.
struct [[nodiscard]] MigrateResult {
  std::vector<std::string> applied{};  ///< Files that this run applied, in order, as paths relative to the folder.
  std::vector<std::string> earlier{};  ///< Files that an earlier run had applied.
  std::optional<MigrationFailure> failure{};

  [[nodiscard]] bool complete() const noexcept { return !failure; }
};

}  // namespace cloudflare::d1
