#pragma once

// A progress bar for bulk jobs: `put_many(entries, {.on_progress = cf::ProgressBar()})`.

#include <memory>
#include <optional>
#include <string>

#include <cloudflare/bulk.hpp>

namespace cloudflare {

/// Where a progress bar is drawn.
struct ProgressBarOptions {
  std::string label{};
  int file = 2;  ///< File descriptor; 2 is standard error.
  /// Absent: detected. True for a terminal that can erase a line.
  std::optional<bool> terminal{};
};

/// Shows progress. On a terminal one line is redrawn, at most ten times a second and never longer than the terminal is
/// wide; elsewhere, for example in a log, a line is written every ten seconds, and one at the end. Failures to write
/// are ignored.
///
/// Copies share the bar; the destructor of the last one ends its line. One job at a time.
class CLOUDFLARE_API ProgressBar {
 public:
  explicit ProgressBar(const ProgressBarOptions& options = ProgressBarOptions());

  /// Draws the progress: give the bar itself as `on_progress`.
  void operator()(const BulkProgress& progress) const;
  /// Shows the last state and ends the line; the next progress begins another.
  void finish() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cloudflare
