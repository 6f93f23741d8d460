#pragma once

// What the programs of blocking-get, inflight-get and their baselines share: nothing but arithmetic.

#include <sys/resource.h>

#include <cstdio>

/// Seconds of CPU that this process has used, in all its threads.
inline double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Prints the microseconds of CPU for one of `count` calls.
inline void print_cost(double before, long count) {
  std::printf("%.3f\n", (cpu_seconds() - before) * 1e6 / static_cast<double>(count));
}
