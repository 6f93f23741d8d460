#pragma once

// Files as the platform has them. A path is UTF-8.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

/// Writes what `file` buffers to the disk, not only to the system. False, with errno, if the disk refuses.
[[nodiscard]] CLOUDFLARE_API bool sync(std::FILE* file) noexcept;

/// A file that replaces the one of its name when it is complete. Until then it stands beside it under a name that no
/// other process has, and what is not completed is removed. The mode of a file that is replaced stays.
class CLOUDFLARE_API ReplacementFile {
 public:
  enum class Access : std::uint8_t { as_usual, owner_only };

  /// @throws Error  invalid_argument, with the path, if no file can be made there
  explicit ReplacementFile(std::string path, Access access = Access::as_usual);
  ~ReplacementFile();
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  /// @throws Error  callback if the disk refuses; so do the others
  void write(std::string_view bytes);
  /// Forgets what was written.
  void restart();
  /// Gives the file its name, once its bytes are on the disk: a machine that stops leaves the file before or this one.
  void commit();

 private:
  [[nodiscard]] FilePtr open_new(Access access);

  std::string path_;
  std::string part_{};
  FilePtr file_{};
  bool committed_ = false;
};

}  // namespace cloudflare::detail
