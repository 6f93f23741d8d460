#pragma once

// Files written beside the name they will have, and given it when they are complete and on the disk.

#include <cstdint>
#include <string>
#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

/// A new file with a name of its own ("PATH.3f9c06d1.part") that commit() puts in the place of `path`. It is never one
/// that was there before, nor what a link points to. What is not committed is removed. Functions that fail leave errno.
class CLOUDFLARE_API FreshFile {
 public:
  FreshFile() = default;
  ~FreshFile();
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;

  /// Access is that of the file in whose place it will come; `mode` (less the umask) where there is none.
  /// What is there and no regular file is not replaced.
  [[nodiscard]] bool create(const std::string& path, unsigned mode);
  [[nodiscard]] bool is_open() const noexcept { return file_ >= 0; }
  [[nodiscard]] bool write(std::string_view bytes);
  /// Empties the file.
  [[nodiscard]] bool restart();
  /// Waits until the disk has the bytes, and then the name. The file is closed, whatever comes of it.
  [[nodiscard]] bool commit();

 private:
  int file_ = -1;
  std::string path_{};
  std::string part_{};
};

/// Writes all of `bytes`.
[[nodiscard]] CLOUDFLARE_API bool write_all(int file, std::string_view bytes);
/// Waits for the disk, where the file is on one.
[[nodiscard]] CLOUDFLARE_API bool sync_file(int file);
/// Waits until the folder of `path` has its name on the disk, as far as the system can tell.
CLOUDFLARE_API void sync_folder_of(const std::string& path);

}  // namespace cloudflare::detail
