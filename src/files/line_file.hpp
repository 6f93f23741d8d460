#pragma once

// The file that an export writes, with its place in a state file: an interrupted export cuts off what came after that
// and continues there.

#include <cstdint>
#include <string>
#include <string_view>

#include <cloudflare/error.hpp>

#include "files/state_file.hpp"

namespace cloudflare::detail {

class LineFile {
 public:
  /// Both must outlive it.
  LineFile(const std::string& path, StateFile& state) : path_(path), state_(state) {}
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Opens the file, and reads the state if there is one; false if the export begins anew.
  /// @throws Error  invalid_argument: the file cannot be written, or is not the one of the state
  bool resume();
  void append(std::string_view line);
  /// The state must not cover bytes that a power cut could lose. @throws Error  callback if the disk refuses
  void put_on_disk();
  /// Writes the state, of which the caller has set the rest, after put_on_disk().
  void save();
  /// With what is not written yet.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void cut() const;
  void write_out();
  [[nodiscard]] Error refused() const;

  const std::string& path_;
  StateFile& state_;
  int file_ = -1;
  std::string unwritten_{};  ///< Lines not yet given to the system.
  std::uint64_t bytes_ = 0;
};

}  // namespace cloudflare::detail
