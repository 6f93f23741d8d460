// What the progress bar writes to a terminal (a real one, a pty) and to a file.

#include "files/progress_bar.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "support/catch.hpp"
#include "support/process.hpp"

namespace cf = cloudflare;
using namespace std::chrono_literals;
using cf::BulkProgress;
using cf::detail::progress_line;

namespace {

struct Pty {
  int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  int terminal = -1;
  Pty() {
    if (master < 0) return;
    REQUIRE((::grantpt(master) == 0 && ::unlockpt(master) == 0));
    terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0);
    winsize size{.ws_row = 10, .ws_col = 40};
    REQUIRE(::ioctl(terminal, TIOCSWINSZ, &size) == 0);
    ::setenv("TERM", "xterm", 1);
  }
  ~Pty() {
    for (const int file : {terminal, master})
      if (file >= 0) ::close(file);
  }
  /// A chroot without a mounted /dev/pts has no pseudo-terminals.
  [[nodiscard]] bool missing() const { return master < 0; }
  /// All that was written; the terminal is closed, which is how its other end learns that this is all.
  std::string seen() {
    ::close(std::exchange(terminal, -1));
    std::string text;
    std::array<char, 1000> piece{};
    for (ssize_t size = 0; (size = ::read(master, piece.data(), piece.size())) > 0;)
      text.append(piece.data(), static_cast<std::size_t>(size));
    return text;
  }
};

BulkProgress at(std::uint64_t done, std::chrono::milliseconds elapsed) {
  return {.items_done = done, .items_total = 1'000'000, .requests = done / 10'000, .elapsed = elapsed};
}

}  // namespace

TEST_CASE("a line says how far a job is, and drops parts from its end until it fits") {
  BulkProgress progress = at(450'000, 5s);
  progress.items_failed = 1'200;
  progress.remaining = 3'723'400ms;
  progress.budget_left = 900;
  CHECK(progress_line(progress, "kv", 200) ==
        "kv  45% [=========           ]  450,000 of 1,000,000  1,200 failed  1:02:04 left  45 requests  "
        "900 more allowed");
  CHECK(progress_line(progress, "kv", 55) == "kv  45% [=========           ]  450,000 of 1,000,000");
  CHECK(progress_line(progress, "kv", 10) == "kv");
  CHECK(progress_line({.items_done = 12'345, .requests = 2}, "", 80) == "12,345  2 requests");
  CHECK(progress_line({.items_done = 0, .items_total = 0}, "", 80).find("100%") != std::string::npos);
  progress.remaining = 59'001ms;
  CHECK(progress_line(progress, "", 200).find("  1:00 left") != std::string::npos);
}

TEST_CASE("on a terminal one line is drawn again, never wider than the terminal, ten times a second") {
  Pty pty;
  if (pty.missing()) SKIP_LOUDLY("no pseudo-terminal: is /dev/pts mounted?");
  {
    const cf::ProgressBar bar({.label = "kv", .file = pty.terminal});
    const auto copy = bar;
    copy(at(10'000, 10ms));
    bar(at(20'000, 60ms));  // too soon
    bar(at(990'000, 200ms));
    bar(at(1'000'000, 210ms));  // too soon, but the last: shown at the end
  }
  const std::string seen = pty.seen();
  CHECK(seen ==
        "\rkv  1% [                    ]\x1b[K"
        "\rkv  99% [=================== ]\x1b[K"
        "\rkv  100% [====================]\x1b[K"
        "\r\n");  // the terminal's own carriage return
}

TEST_CASE("in a file there are lines, one every ten seconds and one at the end") {
  const support::TemporaryFolder folder;
  const int file = ::open(folder.file("log").c_str(), O_WRONLY | O_CREAT, 0600);
  const cf::ProgressBar bar({.file = file});
  for (int i = 1; i <= 250; ++i) bar(at(static_cast<std::uint64_t>(i) * 1'000, i * 100ms));
  bar.finish();
  bar.finish();  // nothing more to say
  ::close(file);
  const std::string log = support::read_file(folder.file("log"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 3);
  CHECK(log.find_first_of("\r\x1b") == std::string::npos);
  CHECK(log.find("250,000 of 1,000,000") != std::string::npos);
}

TEST_CASE("a dumb terminal gets lines, and a closed file does no harm") {
  Pty pty;
  if (pty.missing()) SKIP_LOUDLY("no pseudo-terminal: is /dev/pts mounted?");
  ::setenv("TERM", "dumb", 1);
  {
    const cf::ProgressBar bar({.file = pty.terminal});
    bar(at(10'000, 11s));
  }
  CHECK(pty.seen().find('\x1b') == std::string::npos);
  const cf::ProgressBar closed({.file = -1});
  closed(at(1, 11s));
  closed.finish();
}
