#pragma once

// Whole namespaces of Workers KV: export to a file, import from it, comparison. These long jobs need bounded memory and
// continue where an interruption stopped them.

#include <cloudflare/files/import.hpp>

namespace cloudflare::kv {

/// Which keys export_to() writes, and where it keeps its state.
struct ExportOptions {
  std::string prefix{};  ///< Only keys that begin with this.
  /// The file that records how far the export is. Empty: the name of the exported file with ".state". Removed at the
  /// end.
  std::string state_file{};
  /// Ends the export gently, after the page of keys being read.
  std::stop_token stop{};
  std::optional<int> in_flight{};
  /// Called after each request for values, with the keys and bytes (of values) so far, earlier runs included.
  std::function<void(const BulkProgress&)> on_progress{};
};

/// What export_to() wrote.
struct [[nodiscard]] ExportResult {
  std::uint64_t keys = 0;   ///< Lines of the file; earlier runs included.
  std::uint64_t bytes = 0;  ///< Size of the file.
  std::uint64_t gone = 0;   ///< Keys of this run that were listed but had no value any more when it was read.
  bool finished = false;    ///< False after `options.stop`.
};

/// Writes every pair of a namespace to an NDJSON file (UTF-8 path) that read_ndjson() and import_from() read: key,
/// value (base64 if it is not UTF-8 text), expiration, metadata; in the order of the keys' bytes.
///
/// One list request for 1000 keys and one bulk read for 100 values; memory for one page of keys and some 100 MB of
/// values at most. When it is called again, an interrupted export continues after the last whole page. Not a snapshot:
/// pairs written meanwhile may be in it or not. A page is on the disk before the state says so.
/// @throws Error  as list() and get_many(); the state then covers the pages before. callback if the disk refuses;
/// invalid_argument if the state belongs to another file
[[nodiscard]] CLOUDFLARE_API ExportResult export_to(const KvNamespace& kv, const std::string& path,
                                                    const ExportOptions& options = ExportOptions());

/// How one key differs.
struct Difference {
  std::string key{};
  bool only_in_first = false;
  bool only_in_second = false;
  bool value = false;
  bool metadata = false;  ///< As JSON without white space; the order of members counts.
  bool expiration = false;
};

/// What compare() looks at, and where it keeps its state.
struct CompareOptions {
  std::string prefix{};  ///< Only keys that begin with this.
  bool values = true;    ///< False: keys, metadata and expirations alone, which takes one request for 1000 keys.
  /// If given, an interrupted comparison continues where it stopped. Removed at the end.
  std::string state_file{};
  /// Ends the comparison gently.
  std::stop_token stop{};
  std::optional<int> in_flight{};
  /// Called with each difference, in the order of the keys, instead of collecting them.
  std::function<void(const Difference&)> on_difference{};
};

/// What compare() found.
struct [[nodiscard]] CompareResult {
  std::uint64_t keys = 0;                 ///< Different keys seen, on either side; earlier runs included.
  std::uint64_t differ = 0;               ///< How many of these differ.
  std::vector<Difference> differences{};  ///< Of this run, unless `on_difference` takes them.
  bool finished = false;                  ///< False after `options.stop`.

  [[nodiscard]] bool equal() const noexcept { return finished && differ == 0; }
};

/// Compares two namespaces, of one account or of two, key by key in their order; values by their SHA-256.
/// @throws Error  as list() and get_many(); the state then covers what was compared before
[[nodiscard]] CLOUDFLARE_API CompareResult compare(const KvNamespace& first, const KvNamespace& second,
                                                   const CompareOptions& options = CompareOptions());
/// Compares a namespace with a file of export_to(), or with another NDJSON file sorted by the bytes of its keys.
/// @throws Error  also invalid_argument, with the line: the file cannot be read or is not sorted
[[nodiscard]] CLOUDFLARE_API CompareResult compare(const KvNamespace& first, const std::string& path,
                                                   const CompareOptions& options = CompareOptions());

}  // namespace cloudflare::kv
