#include "base/fresh_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <random>
#include <utility>

namespace cloudflare::detail {

namespace {

// File names have at most 255 bytes, so a long name is cut to make room for the suffix.
std::string part_of(const std::string& path) {
  constexpr std::size_t most = 230;
  std::array<char, 16> digits{};
  std::random_device random;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), random(), 16).ptr;
  const std::size_t name = path.rfind('/') + 1;  // 0 without a slash
  return path.substr(0, name) + path.substr(name, most) + '.' + std::string(digits.data(), end) + ".part";
}

}  // namespace

FreshFile::~FreshFile() {
  if (file_ >= 0) ::close(file_);
  if (!part_.empty()) ::unlink(part_.c_str());
}

bool FreshFile::create(const std::string& path, unsigned mode) {
  struct stat old {};
  const bool replaces = ::stat(path.c_str(), &old) == 0;
  if (!replaces && (errno != ENOENT || path.empty())) return false;  // commit() could not use this name
  if (replaces && !S_ISREG(old.st_mode)) {
    errno = S_ISDIR(old.st_mode) ? EISDIR : EEXIST;
    return false;
  }
  std::string part;
  do {
    part = part_of(path);
    file_ = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, replaces ? 0600U : mode);
  } while (file_ < 0 && errno == EEXIST);
  if (file_ < 0) return false;
  part_ = std::move(part);
  path_ = path;
  if (replaces) (void)::fchmod(file_, old.st_mode & 0777U);  // if this fails, only the owner has access
  return true;
}

bool FreshFile::write(std::string_view bytes) { return write_all(file_, bytes); }

bool FreshFile::restart() { return ::lseek(file_, 0, SEEK_SET) == 0 && ::ftruncate(file_, 0) == 0; }

bool FreshFile::commit() {
  const bool synced = sync_file(file_);
  const int why = errno;
  const bool closed = ::close(std::exchange(file_, -1)) == 0;
  if (!synced) errno = why;
  if (!synced || !closed || std::rename(part_.c_str(), path_.c_str()) != 0) return false;
  part_.clear();
  sync_folder_of(path_);
  return true;
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// A pipe or a file system without a disk cannot sync, which is not an error.
bool sync_file(int file) { return ::fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS; }

void sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  (void)::fsync(opened);
  ::close(opened);
}

}  // namespace cloudflare::detail
