#pragma once
// Programs started by tests.

#include <sys/types.h>

#include <string>
#include <vector>

#include "support/system.hpp"

namespace support {

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

}  // namespace support
