#pragma once

// Loads a file of any length into KV or Vectorize. An interrupted load continues where it stopped.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <cloudflare/detail/stop_token.hpp>
#include <cloudflare/files/readers.hpp>
#include <cloudflare/kv.hpp>
#include <cloudflare/vectorize.hpp>

namespace cloudflare {

/// One JSON object to a line, or comma-separated values (RFC 4180) with a line of column names.
enum class FileFormat : std::uint8_t { ndjson, csv };

/// How a file is loaded by import_from().
struct ImportOptions {
  /// Absent: CSV if the name ends in ".csv", else NDJSON.
  std::optional<FileFormat> format{};
  /// The file that records what is done so far: a few hundred bytes and a list of the items that failed. Empty: the
  /// name of the imported file with ".state". It is removed when nothing is left to do.
  std::string state_file{};
  /// Ends the import gently: requests under way are completed and counted, nothing else is read.
  std::stop_token stop{};
  /// The state is written after this many items, at least 1. If the process is killed, the next run sends the items
  /// after the last state again.
  std::uint64_t items_per_state = 100'000;
  std::optional<int> in_flight{};
  /// Items in the file, for BulkProgress::items_total.
  std::optional<std::uint64_t> expected_items{};
  /// As in BulkOptions; its counts include the items that earlier runs settled.
  std::function<void(const BulkProgress&)> on_progress{};
};

/// What became of the items of a file.
struct [[nodiscard]] ImportResult {
  std::uint64_t already = 0;  ///< Items that earlier runs had settled.
  std::uint64_t loaded = 0;   ///< Items stored by this run.
  /// Pairs left out because their expiration has passed or is less than a minute away, which KV refuses.
  std::uint64_t expired = 0;
  /// Items not stored by this run; `index` is the position in the file. The next run tries them again, except those of
  /// kind invalid_argument.
  std::vector<ItemFailure> failed{};
  std::uint64_t requests = 0;
  /// The file was read to its end. False after `options.stop`, or if `stopped` is set.
  bool finished = false;
  /// Why the import ended early: a line that cannot be read, credentials refused, ….
  std::optional<Error> stopped{};

  [[nodiscard]] bool complete() const noexcept { return finished && failed.empty(); }
};

namespace kv {

/// Writes the pairs of a file (UTF-8 path; see read_ndjson() and read_csv()) with put_many(), starting where an
/// earlier, interrupted run stopped. Each item is sent in one run only, unless its outcome is unknown: the process was
/// killed, or the stop token of the handle cut a request off. If a key comes twice, the last pair wins: a pair that
/// failed counts as loaded, and is not tried again, once a later pair of its key is stored.
/// @throws Error  invalid_argument: the file cannot be opened, the state file belongs to another import, or the file
/// has changed (its size, or the first or last 64 KiB of the part that was read)
[[nodiscard]] CLOUDFLARE_API ImportResult import_from(const KvNamespace& kv, const std::string& path,
                                                      const ImportOptions& options = ImportOptions());

}  // namespace kv

namespace vectorize {

/// What became of the vectors of a file.
struct [[nodiscard]] ImportResult : cloudflare::ImportResult {
  Mutation mutation{};  ///< Stands for this run: give it to wait_for() if anything was loaded.
};

/// The same for vectors, with upsert_many(); see vectorize::read_ndjson() and read_csv().
[[nodiscard]] CLOUDFLARE_API ImportResult import_from(const VectorizeIndex& index, const std::string& path,
                                                      const ImportOptions& options = ImportOptions());

}  // namespace vectorize

}  // namespace cloudflare
