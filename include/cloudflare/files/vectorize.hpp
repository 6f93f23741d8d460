#pragma once

// Whole Vectorize indexes: export to a file and comparison; vectorize::import_from() reads such a file. These long jobs
// continue where an interruption stopped them.

#include <cloudflare/files/import.hpp>

namespace cloudflare::vectorize {

/// Which vectors export_to() writes, and where it keeps its state.
struct ExportOptions {
  std::string prefix{};  ///< Only ids that begin with this.
  /// The file that records how far the export is. Empty: the name of the exported file with ".state". Removed at the
  /// end.
  std::string state_file{};
  /// Ends the export gently, after the 1000 vectors being read.
  std::stop_token stop{};
  std::optional<int> in_flight{};
  /// Called after each request for vectors, with the vectors and bytes (of the file) so far, earlier runs included.
  std::function<void(const BulkProgress&)> on_progress{};
};

/// What export_to() wrote.
struct [[nodiscard]] ExportResult {
  std::uint64_t vectors = 0;  ///< Lines of the file; earlier runs included.
  std::uint64_t bytes = 0;    ///< Size of the file.
  std::uint64_t gone = 0;     ///< Ids of this run that were listed but had no vector any more when it was read.
  bool finished = false;      ///< False after `options.stop`.
};

/// Writes every vector of an index to an NDJSON file (UTF-8 path) that read_ndjson(), import_from() and Vectorize's own
/// upload read: id, values, namespace, metadata; in the order of the ids' bytes. Floats read back as the same floats.
///
/// One list request for 1000 ids and one read for 20 vectors: a million vectors take 51 000 requests, three and a half
/// hours at the API's 1200 in 5 minutes. Memory for all ids (some 100 bytes each) and for 1000 vectors. When it is
/// called again, an interrupted export lists the ids anew and continues behind the last whole 1000 vectors, since the
/// API's cursors expire. Not a snapshot: vectors written meanwhile may be in it or not, and a mutation that is not
/// processed yet does not show. What the state covers is on the disk before.
/// @throws Error  as pages() and get_many(); the state then covers the vectors before. callback if the disk refuses;
/// invalid_argument if the state belongs to another file
[[nodiscard]] CLOUDFLARE_API ExportResult export_to(const VectorizeIndex& index, const std::string& path,
                                                    const ExportOptions& options = ExportOptions());

/// How one vector differs.
struct Difference {
  std::string id{};
  bool only_in_first = false;
  bool only_in_second = false;
  bool values = false;  ///< A float is another one.
  bool ns = false;
  bool metadata = false;  ///< As JSON without white space; the order of members counts.
};

/// What compare() looks at, and where it keeps its state.
struct CompareOptions {
  std::string prefix{};  ///< Only ids that begin with this.
  bool vectors = true;   ///< False: ids alone, which takes one request for 1000 ids.
  /// If given, an interrupted comparison continues behind what it compared. Removed at the end.
  std::string state_file{};
  /// Ends the comparison gently.
  std::stop_token stop{};
  std::optional<int> in_flight{};
  /// Called with each difference, in the order of the ids, instead of collecting them.
  std::function<void(const Difference&)> on_difference{};
};

/// What compare() found.
struct [[nodiscard]] CompareResult {
  std::uint64_t vectors = 0;              ///< Different ids seen, on either side; earlier runs included.
  std::uint64_t differ = 0;               ///< How many of these differ.
  std::vector<Difference> differences{};  ///< Of this run, unless `on_difference` takes them.
  bool finished = false;                  ///< False after `options.stop`.

  [[nodiscard]] bool equal() const noexcept { return finished && differ == 0; }
};

/// Compares two indexes, of one account or of two, id by id in the order of their bytes. Requests and memory are those
/// of an export of each.
/// @throws Error  as pages() and get_many(); the state then covers what was compared before
[[nodiscard]] CLOUDFLARE_API CompareResult compare(const VectorizeIndex& first, const VectorizeIndex& second,
                                                   const CompareOptions& options = CompareOptions());
/// Compares an index with a file of export_to(), or with another NDJSON file sorted by the bytes of its ids.
/// @throws Error  also invalid_argument, with the line: the file cannot be read or is not sorted
[[nodiscard]] CLOUDFLARE_API CompareResult compare(const VectorizeIndex& first, const std::string& path,
                                                   const CompareOptions& options = CompareOptions());

}  // namespace cloudflare::vectorize
