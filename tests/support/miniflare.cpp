#include "support/miniflare.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace cloudflare_tests {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// A slow or loaded machine may need long. Usually the server starts much sooner.
constexpr auto start_limit = 60s;
constexpr auto stop_limit = 10s;

const std::string folder = CLOUDFLARE_MINIFLARE_DIR;  // NOLINT(cert-err58-cpp)

bool on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string candidate = rest.substr(0, colon) + "/" + program;
    if (::access(candidate.c_str(), X_OK) == 0) return true;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return false;
}

std::pair<int, int> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  return {ends[0], ends[1]};
}

/// Waits until `fd` has something to read or is at its end; false at the deadline.
bool wait_readable(int fd, SteadyClock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left <= 0ms) return false;
    pollfd entry{fd, POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  }
}

}  // namespace

bool Miniflare::available(std::string* why) {
  std::string reason;
  if (!on_path("node"))
    reason = "node is not on the PATH";
  else if (::access((folder + "/node_modules/miniflare/package.json").c_str(), R_OK) != 0)
    reason = "miniflare is not installed: run `npm ci --ignore-scripts` in tests/miniflare";
  if (why != nullptr) *why = reason;
  return reason.empty();
}

Miniflare::Miniflare() {
  if (std::string why; !available(&why)) throw std::runtime_error(why);
  const auto [child_in, to_server] = make_pipe();
  const auto [from_server, child_out] = make_pipe();
  to_server_ = to_server;
  from_server_ = from_server;

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, child_in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, child_out, STDOUT_FILENO);
  std::string program = "node";
  std::string script = folder + "/server.mjs";
  const std::array<char*, 3> arguments{program.data(), script.data(), nullptr};
  const int error = ::posix_spawnp(&pid_, "node", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(child_in);
  ::close(child_out);
  if (error != 0) {
    pid_ = -1;
    stop();
    throw std::system_error(error, std::generic_category(), "cannot start node");
  }
  try {
    base_url_ = expect_line("ready");
    explorer_url_ = expect_line("explorer");
  } catch (...) {
    stop();
    throw;
  }
}

Miniflare::~Miniflare() { stop(); }

std::string Miniflare::expect_line(const std::string& name) {
  const auto deadline = SteadyClock::now() + start_limit;
  std::size_t end = 0;
  while ((end = received_.find('\n')) == std::string::npos) {
    if (!wait_readable(from_server_, deadline)) throw std::runtime_error("miniflare did not start in time");
    std::array<char, 512> buffer{};
    const auto count = ::read(from_server_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::runtime_error("miniflare ended before it was ready; its reason is on stderr");
    received_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  if (line.rfind(name + " ", 0) != 0) throw std::runtime_error("miniflare printed an unexpected line: " + line);
  return line.substr(name.size() + 1);
}

void Miniflare::stop() noexcept {
  if (to_server_ >= 0) ::close(to_server_);
  if (pid_ > 0) {
    // The server closes its standard output when it is gone, so waiting for that needs no polling of the process.
    try {
      const auto deadline = SteadyClock::now() + stop_limit;
      std::array<char, 512> buffer{};
      for (;;) {
        if (!wait_readable(from_server_, deadline)) {
          ::kill(pid_, SIGKILL);
          break;
        }
        if (::read(from_server_, buffer.data(), buffer.size()) <= 0) break;
      }
    } catch (...) {
      ::kill(pid_, SIGKILL);
    }
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (from_server_ >= 0) ::close(from_server_);
  pid_ = to_server_ = from_server_ = -1;
}

}  // namespace cloudflare_tests
