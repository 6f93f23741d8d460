#include "files/progress_bar.hpp"

#include <algorithm>
#include <utility>

#include "base/files.hpp"

namespace cloudflare {

namespace {

using std::chrono::milliseconds;

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string clock_time(milliseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (seconds >= 3600) return std::to_string(seconds / 3600) + ':' + two(seconds / 60 % 60) + ':' + two(seconds % 60);
  return std::to_string(seconds / 60) + ':' + two(seconds % 60);
}

std::string bar_of(std::uint64_t done, std::uint64_t total) {
  constexpr std::size_t cells = 20;
  const auto full = total == 0 ? cells : static_cast<std::size_t>(std::min<std::uint64_t>(cells, done * cells / total));
  return '[' + std::string(full, '=') + std::string(cells - full, ' ') + ']';
}

}  // namespace

namespace detail {

std::string progress_line(const BulkProgress& progress, std::string_view label, std::size_t width) {
  std::string line(label);
  bool full = false;
  auto add = [&](const std::string& part) {  // once a part does not fit, it and all later parts are left out
    const std::string_view gap = line.empty() ? "" : "  ";
    full = full || line.size() + gap.size() + part.size() > width;
    if (!full) line.append(gap).append(part);
  };
  const auto& total = progress.items_total;
  if (total) {
    const std::uint64_t done = std::min(progress.items_done, *total);
    add(std::to_string(*total == 0 ? 100 : done * 100 / *total) + "% " + bar_of(done, *total));
    add(grouped(progress.items_done) + " of " + grouped(*total));
  } else {
    add(grouped(progress.items_done));
  }
  if (progress.items_failed > 0) add(grouped(progress.items_failed) + " failed");
  if (progress.remaining) add(clock_time(*progress.remaining) + " left");
  add(grouped(progress.requests) + " requests");
  if (progress.budget_left) add(grouped(*progress.budget_left) + " more allowed");
  return line.substr(0, width);
}

}  // namespace detail

struct ProgressBar::State {
  explicit State(ProgressBarOptions wishes) : options(std::move(wishes)) {
    const std::string kind = detail::files::variable("TERM");
    terminal = options.terminal.value_or(detail::files::is_terminal(options.file) && !kind.empty() && kind != "dumb");
  }
  ~State() { finish(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void take(const BulkProgress& progress) {
    const bool first = !latest;
    latest = progress;
    shown = false;
    if (first || progress.elapsed < drawn_at) drawn_at = milliseconds(0);
    const milliseconds pause = terminal ? milliseconds(100) : milliseconds(10'000);
    if ((!first || !terminal) && progress.elapsed - drawn_at < pause) return;
    drawn_at = progress.elapsed;
    draw();
  }

  void draw() {
    shown = true;
    if (!terminal) return write(detail::progress_line(*latest, options.label, 200) + '\n');
    const unsigned width = detail::files::terminal_width(options.file).value_or(80);
    // The last column stays free: some terminals wrap when it is filled.
    write('\r' + detail::progress_line(*latest, options.label, width - 1U) + "\x1b[K");
  }

  void finish() {
    if (!latest) return;
    if (!shown) draw();
    if (terminal) write("\n");
    latest.reset();
  }

  void write(std::string_view text) const { (void)detail::files::write_all(options.file, text); }

  ProgressBarOptions options;
  bool terminal = false;
  std::optional<BulkProgress> latest{};
  bool shown = false;
  milliseconds drawn_at{0};
};

ProgressBar::ProgressBar(const ProgressBarOptions& options) : state_(std::make_shared<State>(options)) {}

void ProgressBar::operator()(const BulkProgress& progress) const { state_->take(progress); }

void ProgressBar::finish() const { state_->finish(); }

}  // namespace cloudflare
