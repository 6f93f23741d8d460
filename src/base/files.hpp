#pragma once

// What the library needs of the operating system, and the only place that knows which one it is. Paths are UTF-8. Files
// are descriptors, as POSIX and Windows' C library have them. Functions that fail leave errno.

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail::files {

/// A path for the standard library, which takes a plain string on Windows for text in the system's code page.
[[nodiscard]] CLOUDFLARE_API std::filesystem::path path_of(std::string_view utf8);
[[nodiscard]] CLOUDFLARE_API std::string utf8_of(const std::filesystem::path& path);

/// What the system knows of a file. Device and number together identify it while it exists.
struct Status {
  bool regular = false;
  bool folder = false;
  unsigned permissions = 0;
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::int64_t seconds = 0;  ///< When it was written last.
  std::int64_t nanoseconds = 0;

  friend bool operator==(const Status&, const Status&) = default;
};

/// nullopt if there is no such file (ENOENT), or if it cannot be seen.
[[nodiscard]] CLOUDFLARE_API std::optional<Status> status_of(const std::string& path);
[[nodiscard]] CLOUDFLARE_API std::optional<Status> status_of(int file);

/// Creates a file that does not exist yet and opens it for writing; never follows a link. -1 on failure (EEXIST).
[[nodiscard]] CLOUDFLARE_API int create(const std::string& path, unsigned permissions);
/// Opens a file for writing: an existing one as it is, or any as an empty one. -1 on failure.
[[nodiscard]] CLOUDFLARE_API int open_existing(const std::string& path);
[[nodiscard]] CLOUDFLARE_API int open_empty(const std::string& path);
CLOUDFLARE_API bool close(int file);
/// Gives a file permissions (0777); without effect where files have none.
CLOUDFLARE_API void set_permissions(int file, unsigned permissions);

/// Writes all of `bytes`.
[[nodiscard]] CLOUDFLARE_API bool write_all(int file, std::string_view bytes);
/// Cuts a file to its first `bytes` and continues there.
[[nodiscard]] CLOUDFLARE_API bool cut(int file, std::uint64_t bytes);
/// Waits for the disk, if the file is on one.
[[nodiscard]] CLOUDFLARE_API bool sync(int file);
/// Waits until the folder entry of `path` is on the disk, as far as the system can tell.
CLOUDFLARE_API void sync_folder_of(const std::string& path);
/// Gives the file `from` the name `to`, whose file it replaces in one step.
[[nodiscard]] CLOUDFLARE_API bool replace(const std::string& from, const std::string& to);
CLOUDFLARE_API void remove(const std::string& path);
/// Makes a folder for its user alone, if its parent is there.
CLOUDFLARE_API void make_private_folder(const std::string& path);

/// Where the last name in a path begins.
[[nodiscard]] CLOUDFLARE_API std::size_t name_in(std::string_view path) noexcept;

/// What the system says of `errno`.
[[nodiscard]] CLOUDFLARE_API std::string reason();

/// A variable of the environment; empty if it is not set.
[[nodiscard]] CLOUDFLARE_API std::string variable(const char* name);
/// The user's own folder; empty if the environment does not name it.
[[nodiscard]] CLOUDFLARE_API std::string home_folder();
/// Where programs keep their settings in the user's folder `home`: ~/.config, for example.
[[nodiscard]] CLOUDFLARE_API std::string settings_folder(const std::string& home);

struct CloseStream {
  void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
};
using Stream = std::unique_ptr<std::FILE, CloseStream>;

/// Opens a file for reading; null on failure.
[[nodiscard]] CLOUDFLARE_API Stream open_to_read(const std::string& path);
/// All bytes of a file; nullopt on failure.
[[nodiscard]] CLOUDFLARE_API std::optional<std::string> read_all(const std::string& path);
/// A file without a name, gone with the process; null on failure.
[[nodiscard]] CLOUDFLARE_API Stream temporary();
/// Goes to a byte of a file, from its beginning. What is still in the buffer is written first.
[[nodiscard]] CLOUDFLARE_API bool seek(std::FILE* file, std::uint64_t byte);
/// The size of a regular file.
[[nodiscard]] CLOUDFLARE_API std::optional<std::uint64_t> size_of(std::FILE* file);

/// Allows this process as many open files and connections as its user may have; the default is often 1024.
CLOUDFLARE_API void allow_many();

[[nodiscard]] CLOUDFLARE_API bool is_terminal(int file);
/// Columns of a terminal; nullopt if it does not say.
[[nodiscard]] CLOUDFLARE_API std::optional<unsigned> terminal_width(int file);

/// A time in UTC, by parts.
[[nodiscard]] CLOUDFLARE_API std::tm utc(std::time_t time);

}  // namespace cloudflare::detail::files
