#pragma once
// Programs started by tests, and folders they may fill.

#include <sys/types.h>

#include <string>
#include <vector>

namespace support {

/// A folder under the system's temporary one, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// What a program inherits besides the standard streams.
struct Inheritance {
  int file = -1;                           ///< an open file, under its own number
  std::vector<std::string> environment{};  ///< additions, NAME=value
  std::string output{};                    ///< a file that gets standard output and error; "" leaves them as they are
};

/// A program in a process of its own; the destructor ends it.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command, const Inheritance& inheritance = Inheritance());
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  /// Waits for the end of the program: its exit code, or -1 if a signal ended it.
  int wait();
  void terminate();
  void send(int signal);

 private:
  pid_t pid_ = -1;
};

/// Runs a program to its end and throws, with what it printed, unless it exits with 0. The answer is what it printed.
std::string run(const std::vector<std::string>& command);

[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

}  // namespace support
