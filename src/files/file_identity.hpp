#pragma once

// Whether a file is still the one that was read: while a job runs, and when it goes on after an interruption.

#include <cstdint>
#include <optional>
#include <string>

namespace cloudflare::detail {

/// A regular file as it was at some moment; what changes it, or puts another in its place, changes the stamp.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// Nothing for a pipe, or for what is not there.
[[nodiscard]] std::optional<FileStamp> stamp_of(const std::string& path);

/// A digest of the first and last 64 KiB among the first `bytes` bytes of a file: of what was read of it, since the
/// rest may be mended. Empty for a pipe and a file that is shorter.
[[nodiscard]] std::string digest_of_beginning(const std::string& path, std::uint64_t bytes);

}  // namespace cloudflare::detail
