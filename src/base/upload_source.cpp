#include "base/upload_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

namespace {

constexpr std::uint64_t report_every = 1'000'000;

Error disk_error(const char* what) { return {ErrorKind::callback, std::string(what) + ": " + std::strerror(errno)}; }

}  // namespace

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
  const std::size_t room = std::min<std::uint64_t>(to.size(), size_ - done_);
  const std::size_t n = room == 0 ? 0 : inner_->read(to.first(room));
  if (n == 0 && done_ < size_)
    throw Error(ErrorKind::callback, "the source ended after " + std::to_string(done_) + " bytes; it had " +
                                         std::to_string(size_) + " when it was read first");
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
