#pragma once

// Checks that a file is still the one that was read, while a job runs and when it continues after an interruption.

#include <cstdint>
#include <optional>
#include <string>

namespace cloudflare::detail {

/// Identifies a regular file and its state. The stamp differs after the file is changed or replaced.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// nullopt for a pipe, or if there is no file.
[[nodiscard]] std::optional<FileStamp> stamp_of(const std::string& path);

/// A digest of the first and last 64 KiB of the first `bytes` bytes of a file. It covers only what was read, since the
/// rest may be corrected. Empty for a pipe and for a file that is shorter.
[[nodiscard]] std::string digest_of_beginning(const std::string& path, std::uint64_t bytes);

}  // namespace cloudflare::detail
