#include "base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

namespace {

std::string reason() { return std::strerror(errno); }

Error disk_error(const std::string& path, const char* what) {
  return {ErrorKind::callback, "the file " + path + " cannot be " + what + ": " + reason()};
}

std::string random_suffix() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr int count = 10;
  std::random_device random;
  std::uniform_int_distribution<std::size_t> letter(0, letters.size() - 1);
  std::string suffix;
  for (int i = 0; i < count; ++i) suffix.push_back(letters[letter(random)]);
  return suffix;
}

// A name is on the disk when its folder is.
void sync_folder_of(const std::string& path) noexcept {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  ::fsync(opened);  // some file systems have nothing to do here and say so by an error
  ::close(opened);
}

}  // namespace

bool sync(std::FILE* file) noexcept { return std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0; }

ReplacementFile::ReplacementFile(std::string path, Access access) : path_(std::move(path)) {
  struct stat there = {};
  if (::stat(path_.c_str(), &there) == 0 && S_ISDIR(there.st_mode))
    throw invalid_argument("the file " + path_ + " cannot be created: there is a folder of that name");
  file_ = open_new(access);
}

// O_EXCL does not follow a symbolic link that somebody put there.
FilePtr ReplacementFile::open_new(Access access) {
  constexpr int tries = 100;
  const mode_t mode = access == Access::owner_only ? 0600 : 0666;
  int opened = -1;
  for (int i = 0; i < tries && opened < 0; ++i) {
    part_ = path_ + ".part-" + random_suffix();
    opened = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (opened < 0 && errno != EEXIST) break;
  }
  FilePtr file(opened < 0 ? nullptr : ::fdopen(opened, "wb"));
  if (!file) throw invalid_argument("the file " + path_ + " cannot be created: " + reason());
  struct stat there = {};
  if (::stat(path_.c_str(), &there) == 0 && S_ISREG(there.st_mode)) (void)::fchmod(opened, there.st_mode & 07777);
  return file;
}

ReplacementFile::~ReplacementFile() {
  file_.reset();
  if (!committed_) std::remove(part_.c_str());
}

void ReplacementFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) throw disk_error(path_, "written");
}

void ReplacementFile::restart() {
  if (std::fflush(file_.get()) != 0 || ::ftruncate(::fileno(file_.get()), 0) != 0) throw disk_error(path_, "written");
  std::rewind(file_.get());
}

void ReplacementFile::commit() {
  const bool synced = sync(file_.get());
  if (!synced) throw disk_error(path_, "written");
  if (std::fclose(file_.release()) != 0) throw disk_error(path_, "written");
  if (std::rename(part_.c_str(), path_.c_str()) != 0) throw disk_error(path_, "given its name");
  committed_ = true;
  sync_folder_of(path_);
}

}  // namespace cloudflare::detail
