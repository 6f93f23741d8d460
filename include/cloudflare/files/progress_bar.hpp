#pragma once

// A progress bar for bulk jobs: `put_many(entries, {.on_progress = cf::ProgressBar()})`.

#include <memory>
#include <optional>
#include <string>

#include <cloudflare/bulk.hpp>

namespace cloudflare {

struct ProgressBarOptions {
  std::string label{};
  int file = 2;  ///< Descriptor; standard error.
  /// Absent: whether the file is a terminal that knows how to erase a line.
  std::optional<bool> terminal{};
};

/// Takes progress and shows it. On a terminal one line is drawn again, at most ten times a second and never longer than
/// the terminal is wide; elsewhere, in a log for one, a line is written every ten seconds, and one at the end. What
/// cannot be written is left out.
///
/// Copies share the bar; the last one that goes ends its line. One job at a time.
class CLOUDFLARE_API ProgressBar {
 public:
  explicit ProgressBar(const ProgressBarOptions& options = ProgressBarOptions());

  void operator()(const BulkProgress& progress) const;
  /// Shows the last state and ends the line; the next progress begins another.
  void finish() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cloudflare
