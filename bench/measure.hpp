#pragma once

// CPU time of the programs under bench/. The competitors run alternately, and the least of several rounds counts.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>

namespace bench {

/// User and system time of this process so far, in all its threads.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// The least time, in ms, that one of the rounds took.
class Least {
 public:
  template <class F>
  void round(F f) {
    const double before = cpu_seconds();
    f();
    add((cpu_seconds() - before) * 1e3);
  }
  void add(double ms) { ms_ = std::min(ms_, ms); }
  [[nodiscard]] double ms() const { return ms_; }

 private:
  double ms_ = std::numeric_limits<double>::infinity();
};

/// What a program prints on its standard output; it must succeed.
inline std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string text;
  char buffer[256];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) text += buffer;
  if (pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return text;
}

/// The line that bench/run.sh reads.
inline void print(const char* baseline, const Least& ours, const Least& theirs, const char* bar) {
  std::printf("%s %.3f %.3f ms %s\n", baseline, ours.ms(), theirs.ms(), bar);
}

/// Prints the microseconds of CPU for one of `count` calls.
inline void print_cost(double before, long count) {
  std::printf("%.3f\n", (cpu_seconds() - before) * 1e6 / static_cast<double>(count));
}

/// Calls `run` and gives the program's exit code; prints the exception if it throws.
inline int reported(void (*run)()) {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace bench
