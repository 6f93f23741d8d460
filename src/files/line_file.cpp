#include "files/line_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fresh_file.hpp"
#include "files/file_identity.hpp"

namespace cloudflare::detail {

namespace {

// Bytes of lines that are collected before a write.
constexpr std::size_t most_unwritten = 1U << 18;

}  // namespace

LineFile::~LineFile() {
  if (file_ >= 0) ::close(file_);
}

// Lines after the last saved place are cut off.
bool LineFile::resume() {
  const bool again = state_.read();
  file_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | (again ? 0 : O_CREAT | O_TRUNC), 0666);
  if (file_ < 0)
    throw invalid_argument("the file " + path_ + " cannot be written: " + std::strerror(errno) +
                           (again ? "; remove its state file to begin anew" : ""));
  if (!again) return false;
  bytes_ = state_.number("bytes");
  cut();
  return true;
}

void LineFile::cut() const {
  struct stat now {};
  if (::fstat(file_, &now) != 0 || static_cast<std::uint64_t>(now.st_size) < bytes_)
    throw invalid_argument("the file " + path_ + " is shorter than its state file says; remove that to begin anew");
  const std::string digest = state_.text("digest");  // states of earlier versions lack it
  if (!digest.empty() && digest != digest_of_beginning(path_, bytes_)) throw state_.of_another_file(path_);
  const auto end = static_cast<off_t>(bytes_);
  if (::ftruncate(file_, end) != 0 || ::lseek(file_, end, SEEK_SET) != end)
    throw Error(ErrorKind::callback,
                "the file " + path_ + " cannot be cut to its last whole page: " + std::strerror(errno));
}

void LineFile::append(std::string_view line) {
  unwritten_.append(line);
  bytes_ += line.size();
  if (unwritten_.size() >= most_unwritten) write_out();
}

void LineFile::write_out() {
  if (!write_all(file_, unwritten_)) throw refused();
  unwritten_.clear();
}

void LineFile::put_on_disk() {
  write_out();
  if (!sync_file(file_)) throw refused();
  sync_folder_of(path_);
}

void LineFile::save() {
  state_.set("bytes", bytes_);
  state_.set("digest", digest_of_beginning(path_, bytes_));
  state_.write();
}

Error LineFile::refused() const {
  return Error(ErrorKind::callback, "the file " + path_ + " cannot be written: " + std::strerror(errno));
}

}  // namespace cloudflare::detail
