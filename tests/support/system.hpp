#pragma once
// What tests need of the system, and the only header of theirs that knows which one it is.

#ifdef _WIN32
#include <sys/utime.h>
#else
#include <utime.h>
#endif

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>

namespace support {

#ifdef _WIN32
inline constexpr const char* null_device = "NUL";
inline constexpr const char* home_variable = "USERPROFILE";
inline constexpr const char* settings_folder = "AppData/Roaming/xdg.config";  // in the user's own folder
#else
inline constexpr const char* null_device = "/dev/null";
inline constexpr const char* home_variable = "HOME";
#ifdef __APPLE__
inline constexpr const char* settings_folder = "Library/Preferences";
#else
inline constexpr const char* settings_folder = ".config";
#endif
#endif

/// Sets a variable of this process' environment; null takes it away.
inline void set_variable(const char* name, const char* value) {
#ifdef _WIN32
  ::_putenv_s(name, value != nullptr ? value : "");
#else
  value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
#endif
}

/// Sets when a file was written, in whole seconds.
inline void set_written(const std::string& path, std::time_t time) {
#ifdef _WIN32
  ::__utimbuf64 times{time, time};
  ::_utime64(path.c_str(), &times);
#else
  const ::utimbuf times{time, time};
  ::utime(path.c_str(), &times);
#endif
}

/// A path in the system's temporary folder that no file has.
inline std::filesystem::path unused_path() {
  std::random_device random;
  return std::filesystem::temp_directory_path() /
         ("cloudflare-cpp-" + std::to_string(random()) + "-" + std::to_string(random()));
}

/// A folder under the system's temporary one, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(unused_path().generic_string()) { std::filesystem::create_directory(path_); }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

[[nodiscard]] inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) throw std::runtime_error("cannot write " + path);
}

}  // namespace support
