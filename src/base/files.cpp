#include "base/files.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN  // libcurl's headers want the newer sockets
#endif
#include <direct.h>
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace cloudflare::detail::files {

#ifdef _WIN32

namespace {

std::wstring wide(const std::string& utf8) {
  const int bytes = static_cast<int>(utf8.size());
  std::wstring text(utf8.size(), L'\0');  // never fewer units than bytes
  const int size = ::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8.data(), bytes, text.data(), bytes);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

int error_of_system() {
  switch (::GetLastError()) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH: return ENOENT;
    default: return EACCES;
  }
}

constexpr std::uint64_t joined(DWORD high, DWORD low) { return std::uint64_t{high} << 32U | low; }

// The C library's stat() has no number that identifies a file, and no time finer than a second.
std::optional<Status> status_from(HANDLE file) {
  if (::GetFileType(file) != FILE_TYPE_DISK) return Status();  // a console, a pipe
  BY_HANDLE_FILE_INFORMATION now{};
  if (::GetFileInformationByHandle(file, &now) == 0) {
    errno = error_of_system();
    return std::nullopt;
  }
  constexpr std::uint64_t ticks = 10'000'000;               // in a second
  constexpr std::int64_t seconds_to_1970 = 11'644'473'600;  // from 1601 on
  const std::uint64_t written = joined(now.ftLastWriteTime.dwHighDateTime, now.ftLastWriteTime.dwLowDateTime);
  const bool folder = (now.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  return Status{.regular = !folder,
                .folder = folder,
                .permissions = (now.dwFileAttributes & FILE_ATTRIBUTE_READONLY) != 0 ? 0444U : 0666U,
                .device = now.dwVolumeSerialNumber,
                .number = joined(now.nFileIndexHigh, now.nFileIndexLow),
                .bytes = joined(now.nFileSizeHigh, now.nFileSizeLow),
                .seconds = static_cast<std::int64_t>(written / ticks) - seconds_to_1970,
                .nanoseconds = static_cast<std::int64_t>(written % ticks) * 100};
}

int open_with(const std::string& path, int flags) {
  int file = -1;
  const int error = ::_wsopen_s(&file, wide(path).c_str(), flags | _O_WRONLY | _O_BINARY | _O_NOINHERIT, _SH_DENYNO,
                                _S_IREAD | _S_IWRITE);
  if (error != 0) errno = error;
  return error == 0 ? file : -1;
}

HANDLE handle_of(int file) { return reinterpret_cast<HANDLE>(::_get_osfhandle(file)); }

}  // namespace

std::optional<Status> status_of(const std::string& path) {
  // Asks for no access, so that a file that another program has open is seen; the flag lets folders be opened.
  const HANDLE file = ::CreateFileW(wide(path).c_str(), 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                    nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr);
  if (file == INVALID_HANDLE_VALUE) {
    errno = error_of_system();
    return std::nullopt;
  }
  const auto now = status_from(file);
  const int why = errno;
  ::CloseHandle(file);
  errno = why;
  return now;
}

std::optional<Status> status_of(int file) { return status_from(handle_of(file)); }

int create(const std::string& path, unsigned) { return open_with(path, _O_CREAT | _O_EXCL); }
int open_existing(const std::string& path) { return open_with(path, 0); }
int open_empty(const std::string& path) { return open_with(path, _O_CREAT | _O_TRUNC); }
bool close(int file) { return ::_close(file) == 0; }
void set_permissions(int, unsigned) {}

bool write_all(int file, std::string_view bytes) {
  constexpr std::size_t most = 1U << 30U;
  while (!bytes.empty()) {
    const int n = ::_write(file, bytes.data(), static_cast<unsigned>(bytes.size() < most ? bytes.size() : most));
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool cut(int file, std::uint64_t bytes) {
  const auto end = static_cast<__int64>(bytes);
  const int error = ::_chsize_s(file, end);
  if (error != 0) errno = error;
  return error == 0 && ::_lseeki64(file, end, SEEK_SET) == end;
}

// A pipe or a console cannot sync, which is not an error.
bool sync(int file) { return ::_commit(file) == 0 || ::GetFileType(handle_of(file)) != FILE_TYPE_DISK; }
void sync_folder_of(const std::string&) {}  // replace() has waited

bool replace(const std::string& from, const std::string& to) {
  if (::MoveFileExW(wide(from).c_str(), wide(to).c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0)
    return true;
  errno = error_of_system();
  return false;
}

void remove(const std::string& path) { (void)::_wunlink(wide(path).c_str()); }
void make_private_folder(const std::string& path) { (void)::_wmkdir(wide(path).c_str()); }

Stream open_to_read(const std::string& path) { return Stream(::_wfopen(wide(path).c_str(), L"rbN")); }
// tmpfile() of Windows wants to write to the root folder.
Stream temporary() {
  std::wstring folder(MAX_PATH + 1, L'\0');
  std::wstring path(MAX_PATH + 1, L'\0');
  if (::GetTempPathW(MAX_PATH, folder.data()) == 0 || ::GetTempFileNameW(folder.c_str(), L"cf", 0, path.data()) == 0) {
    errno = EACCES;
    return nullptr;
  }
  return Stream(::_wfopen(path.c_str(), L"w+bTDN"));  // D: deleted when it is closed
}
bool seek(std::FILE* file, std::uint64_t byte) { return ::_fseeki64(file, static_cast<__int64>(byte), SEEK_SET) == 0; }

std::size_t name_in(std::string_view path) noexcept { return path.find_last_of("/\\:") + 1; }  // 0 without any

// The C library's getenv() gives text in the system's code page.
std::string variable(const char* name) {
  const std::wstring wide_name = wide(name);
  std::wstring value(::GetEnvironmentVariableW(wide_name.c_str(), nullptr, 0), L'\0');
  value.resize(::GetEnvironmentVariableW(wide_name.c_str(), value.data(), static_cast<DWORD>(value.size())));
  return utf8_of(value);
}

std::string home_folder() { return variable("USERPROFILE"); }

// As the library of wrangler's that finds such folders does, which follows XDG's names.
std::string settings_folder(const std::string& home) {
  const std::string roaming = variable("APPDATA");
  return (roaming.empty() ? home + "/AppData/Roaming" : roaming) + "/xdg.config";
}

void allow_many() {}  // sockets have no such limit

bool is_terminal(int file) { return ::_isatty(file) != 0; }
std::optional<unsigned> terminal_width(int file) {
  CONSOLE_SCREEN_BUFFER_INFO info{};
  if (::GetConsoleScreenBufferInfo(handle_of(file), &info) == 0) return std::nullopt;
  return static_cast<unsigned>(info.srWindow.Right - info.srWindow.Left + 1);
}

std::tm utc(std::time_t time) {
  std::tm parts{};
  (void)::gmtime_s(&parts, &time);
  return parts;
}

#else

namespace {

Status status_from(const struct stat& now) {
#ifdef __APPLE__
  const timespec written = now.st_mtimespec;
#else
  const timespec written = now.st_mtim;
#endif
  return {.regular = S_ISREG(now.st_mode),
          .folder = S_ISDIR(now.st_mode),
          .permissions = now.st_mode & 0777U,
          .device = static_cast<std::uint64_t>(now.st_dev),
          .number = static_cast<std::uint64_t>(now.st_ino),
          .bytes = static_cast<std::uint64_t>(now.st_size),
          .seconds = written.tv_sec,
          .nanoseconds = written.tv_nsec};
}

}  // namespace

std::optional<Status> status_of(const std::string& path) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) return std::nullopt;
  return status_from(now);
}

std::optional<Status> status_of(int file) {
  struct stat now {};
  if (::fstat(file, &now) != 0) return std::nullopt;
  return status_from(now);
}

int create(const std::string& path, unsigned permissions) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions);
}
int open_existing(const std::string& path) { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC); }
int open_empty(const std::string& path) { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666); }
bool close(int file) { return ::close(file) == 0; }
void set_permissions(int file, unsigned permissions) { (void)::fchmod(file, static_cast<mode_t>(permissions)); }

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool cut(int file, std::uint64_t bytes) {
  const auto end = static_cast<off_t>(bytes);
  return ::ftruncate(file, end) == 0 && ::lseek(file, end, SEEK_SET) == end;
}

// A pipe or a file system without a disk cannot sync, which is not an error.
bool sync(int file) { return ::fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS; }

void sync_folder_of(const std::string& path) {
  const std::size_t name = name_in(path);
  const std::string folder = name == 0 ? "." : path.substr(0, name);
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  (void)::fsync(opened);
  ::close(opened);
}

bool replace(const std::string& from, const std::string& to) { return std::rename(from.c_str(), to.c_str()) == 0; }
void remove(const std::string& path) { (void)::unlink(path.c_str()); }
void make_private_folder(const std::string& path) { (void)::mkdir(path.c_str(), 0700); }

Stream open_to_read(const std::string& path) { return Stream(std::fopen(path.c_str(), "rbe")); }
Stream temporary() { return Stream(std::tmpfile()); }
bool seek(std::FILE* file, std::uint64_t byte) { return ::fseeko(file, static_cast<off_t>(byte), SEEK_SET) == 0; }

std::size_t name_in(std::string_view path) noexcept { return path.rfind('/') + 1; }  // 0 without a slash

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the library sets no variable
  return value != nullptr ? value : "";
}

std::string home_folder() { return variable("HOME"); }

std::string settings_folder(const std::string& home) {
#ifdef __APPLE__
  return home + "/Library/Preferences";
#else
  return home + "/.config";
#endif
}

void allow_many() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

bool is_terminal(int file) { return ::isatty(file) == 1; }
std::optional<unsigned> terminal_width(int file) {
  winsize size{};
  if (::ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

std::tm utc(std::time_t time) {
  std::tm parts{};
  (void)::gmtime_r(&time, &parts);
  return parts;
}

#endif

std::filesystem::path path_of(std::string_view utf8) { return {std::u8string(utf8.begin(), utf8.end())}; }

std::string reason() { return std::generic_category().message(errno); }

std::string utf8_of(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

std::optional<std::string> read_all(const std::string& path) {
  const Stream file = open_to_read(path);
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 1U << 14> piece{};
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get())) text.append(piece.data(), n);
  if (std::ferror(file.get()) != 0) return std::nullopt;  // a folder, for example
  return text;
}

std::optional<std::uint64_t> size_of(std::FILE* file) {
#ifdef _WIN32
  const auto now = status_of(::_fileno(file));
#else
  const auto now = status_of(::fileno(file));
#endif
  if (!now || !now->regular) return std::nullopt;
  return now->bytes;
}

}  // namespace cloudflare::detail::files
