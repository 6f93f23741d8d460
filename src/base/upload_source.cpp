#include "base/upload_source.hpp"

#include <string>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

namespace {

constexpr std::uint64_t report_every = 1'000'000;

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

void CheckedSource::refuse(bool longer) const {
  std::string text = changed_;
  if (text.empty()) text = std::string("the source gave ") + (longer ? "more" : "fewer") + " bytes than its size";
  text += longer ? ": it goes on after " : ": it ended after " + std::to_string(done_) + " of ";
  throw Error(ErrorKind::callback, text + std::to_string(*size_) + " bytes");
}

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
