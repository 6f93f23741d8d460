#include "base/upload_source.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

namespace {

constexpr std::uint64_t report_every = 1'000'000;

Error disk_error(const char* what) { return {ErrorKind::callback, std::string(what) + ": " + std::strerror(errno)}; }

}  // namespace

std::size_t CheckedSource::read(std::span<char> to) {
  if (ended_ || to.empty()) return 0;
  const std::size_t n = size_ == done_ ? 0 : inner_->read(to);
  if (n > to.size()) throw Error(ErrorKind::callback, "the source's read() returned more than the size of its buffer");
  done_ += n;
  if (!size_) return n;
  if (done_ > *size_) refuse(true);
  if (done_ < *size_ && n == 0) refuse(false);
  if (done_ < *size_) return n;
  char more = 0;
  if (inner_->read({&more, 1}) != 0) refuse(true);
  ended_ = true;
  return n;
}

bool CheckedSource::rewind() {
  done_ = 0;
  ended_ = false;
  return inner_->rewind();
}

[[gnu::cold]] void CheckedSource::refuse(bool longer) const {
  std::string text(changed_);
  if (text.empty()) text = std::string("the source gave ") + (longer ? "more" : "fewer") + " bytes than its size";
  text += longer ? ": it goes on after " : ": it ended after " + std::to_string(done_) + " of ";
  throw Error(ErrorKind::callback, text + std::to_string(*size_) + " bytes");
}

Spool::Spool() : file_(std::tmpfile()) {
  if (!file_) throw disk_error("a temporary file for the stream cannot be made");
}

void Spool::append(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
    throw disk_error("the temporary file for the stream cannot be written");
  size_ += bytes.size();
}

std::size_t Spool::read(std::span<char> to) {
  const std::size_t n = std::fread(to.data(), 1, to.size(), file_.get());
  if (n == 0 && std::ferror(file_.get()) != 0) throw disk_error("the temporary file for the stream cannot be read");
  return n;
}

bool Spool::rewind() { return std::fseek(file_.get(), 0, SEEK_SET) == 0; }

std::size_t CountedSource::read(std::span<char> to) {
  const std::size_t n = inner_->read(to);
  done_ += n;
  if (report_ && (done_ - reported_ >= report_every || (done_ == size_ && reported_ != done_))) {
    reported_ = done_;
    report_(done_);
  }
  return n;
}

bool CountedSource::rewind() {
  done_ = reported_ = 0;
  return inner_->rewind();
}

}  // namespace cloudflare::detail
