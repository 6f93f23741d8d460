#include "support/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>

extern char** environ;

namespace support {

Child::Child(const std::vector<std::string>& command, const Inheritance& inheritance) {
  std::vector<char*> arguments, environment;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // The first of two equal names counts.
  for (const std::string& pair : inheritance.environment) environment.push_back(const_cast<char*>(pair.c_str()));
  for (char** pair = environ; *pair != nullptr; ++pair) environment.push_back(*pair);
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // "Duplicating" a file onto its own number takes its close-on-exec flag away.
  if (inheritance.file >= 0) ::posix_spawn_file_actions_adddup2(&actions, inheritance.file, inheritance.file);
  if (!inheritance.output.empty()) {
    ::posix_spawn_file_actions_addopen(&actions, 1, inheritance.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  }
  const int error = ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " + command.front());
}

Child::~Child() {
  terminate();
  wait();
}

int Child::wait() {
  if (pid_ < 0) return -1;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Child::terminate() { send(SIGTERM); }

void Child::send(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

std::string run(const std::vector<std::string>& command) {
  const TemporaryFolder folder;
  const std::string output = folder.file("output");
  const int code = Child(command, {.output = output}).wait();
  std::string text = read_file(output);
  if (code != 0) throw std::runtime_error(command.front() + " failed: " + text);
  return text;
}

}  // namespace support
