#include "base/watched_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

namespace cloudflare::detail {

namespace {

class Descriptor {
 public:
  // O_NONBLOCK: a pipe must not hold the call up until it is seen to be no file.
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string why_not() { return "cannot be read: " + std::generic_category().message(errno); }

}  // namespace

WatchedFile::Stamp::Stamp(const struct stat& file)
    : device(file.st_dev),
      number(file.st_ino),
      bytes(file.st_size),
#ifdef __APPLE__
      seconds(file.st_mtimespec.tv_sec),
      nanoseconds(file.st_mtimespec.tv_nsec) {
}
#else
      seconds(file.st_mtim.tv_sec),
      nanoseconds(file.st_mtim.tv_nsec) {
}
#endif

Error WatchedFile::refused(const std::string& why) const {
  return invalid_argument(what_ + " \"" + path_ + "\" " + why);
}

std::string WatchedFile::text(std::uint64_t most) {
  const std::lock_guard lock(mutex_);
  struct stat now {};
  if (stamp_ && ::stat(path_.c_str(), &now) == 0 && Stamp(now) == *stamp_) return text_;
  stamp_.reset();
  text_.clear();
  const Descriptor file(path_);
  if (file.get() < 0 || ::fstat(file.get(), &now) != 0) throw refused(why_not());
  if (!S_ISREG(now.st_mode)) throw refused("is not a regular file");
  std::string read(most + 1, '\0');
  std::size_t size = 0;
  while (size < read.size()) {
    const ssize_t count = ::read(file.get(), read.data() + size, read.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw refused(why_not());
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > most) throw refused("has more than " + std::to_string(most) + " bytes");
  read.resize(size);
  const Stamp stamp(now);
  constexpr std::int64_t tick = 2;
  if (static_cast<std::int64_t>(std::time(nullptr)) - stamp.seconds > tick) stamp_ = stamp;
  text_ = std::move(read);
  return text_;
}

}  // namespace cloudflare::detail
