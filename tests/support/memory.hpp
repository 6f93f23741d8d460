#pragma once
// Peak memory of this process, from Linux' own accounting. Only a program without sanitizers gives figures that mean
// something.

#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace support {

/// A line such as `VmHWM:  1234 kB` of /proc/self/status in bytes; 0 if there is none.
inline std::uint64_t proc_status(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(name)) continue;
    std::istringstream number(line.substr(name.size() + 1));
    std::uint64_t kib = 0;
    number >> kib;
    return kib * 1024;
  }
  return 0;
}

inline std::uint64_t resident_memory() { return proc_status("VmRSS"); }

inline std::uint64_t peak_memory() {
  if (const std::uint64_t peak = proc_status("VmHWM")) return peak;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// How far the process grows beyond what it holds at construction. Where the kernel refuses to forget the earlier peak
/// the answer is an upper bound, never too small.
class PeakMemory {
 public:
  PeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";  // 5: reset VmHWM to the present size (man 5 proc)
    idle_ = resident_memory();
  }
  [[nodiscard]] std::uint64_t growth() const {
    const std::uint64_t peak = peak_memory();
    return peak > idle_ ? peak - idle_ : 0;
  }

 private:
  std::uint64_t idle_ = 0;
};

}  // namespace support
