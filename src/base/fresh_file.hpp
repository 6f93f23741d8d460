#pragma once

// Files that are written under a temporary name and renamed when they are complete and on the disk.

#include <cstdint>
#include <string>
#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

/// A new file with a temporary name ("PATH.3f9c06d1.part") that commit() renames to `path`. It never opens an existing
/// file or follows a link. Without commit() the file is removed. Functions that fail leave errno.
class CLOUDFLARE_API FreshFile {
 public:
  FreshFile() = default;
  ~FreshFile();
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;

  /// Takes the permissions of the file that it will replace; `mode` (less the umask) if there is none.
  /// Anything but a regular file is not replaced.
  [[nodiscard]] bool create(const std::string& path, unsigned mode);
  [[nodiscard]] bool is_open() const noexcept { return file_ >= 0; }
  [[nodiscard]] bool write(std::string_view bytes);
  /// Empties the file.
  [[nodiscard]] bool restart();
  /// Waits until the disk has the bytes, and then the name. Closes the file even on failure.
  [[nodiscard]] bool commit();

 private:
  int file_ = -1;
  std::string path_{};
  std::string part_{};
};

}  // namespace cloudflare::detail
