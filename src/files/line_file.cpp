#include "files/line_file.hpp"

#include "base/files.hpp"
#include "files/file_identity.hpp"

namespace cloudflare::detail {

namespace {

// Bytes of lines that are collected before a write.
constexpr std::size_t most_unwritten = 1U << 18;

}  // namespace

LineFile::~LineFile() {
  if (file_ >= 0) files::close(file_);
}

// Lines after the last saved place are cut off.
bool LineFile::resume() {
  const bool again = state_.read();
  file_ = again ? files::open_existing(path_) : files::open_empty(path_);
  if (file_ < 0)
    throw invalid_argument("the file " + path_ + " cannot be written: " + detail::files::reason() +
                           (again ? "; remove its state file to begin anew" : ""));
  if (!again) return false;
  bytes_ = state_.number("bytes");
  cut();
  return true;
}

void LineFile::cut() const {
  const auto now = files::status_of(file_);
  if (!now || now->bytes < bytes_)
    throw invalid_argument("the file " + path_ + " is shorter than its state file says; remove that to begin anew");
  const std::string digest = state_.text("digest");  // states of earlier versions lack it
  if (!digest.empty() && digest != digest_of_beginning(path_, bytes_)) throw state_.of_another_file(path_);
  if (!files::cut(file_, bytes_))
    throw Error(ErrorKind::callback,
                "the file " + path_ + " cannot be cut to its last whole page: " + detail::files::reason());
}

void LineFile::append(std::string_view line) {
  unwritten_.append(line);
  bytes_ += line.size();
  if (unwritten_.size() >= most_unwritten) write_out();
}

void LineFile::write_out() {
  if (!files::write_all(file_, unwritten_)) throw refused();
  unwritten_.clear();
}

void LineFile::put_on_disk() {
  write_out();
  if (!files::sync(file_)) throw refused();
  files::sync_folder_of(path_);
}

void LineFile::save() {
  state_.set("bytes", bytes_);
  state_.set("digest", digest_of_beginning(path_, bytes_));
  state_.write();
}

Error LineFile::refused() const {
  return Error(ErrorKind::callback, "the file " + path_ + " cannot be written: " + detail::files::reason());
}

}  // namespace cloudflare::detail
