#include "base/temporary_file.hpp"

#include <string>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

namespace {

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorKind::callback, std::string(what) + ": " + detail::files::reason());
}

}  // namespace

TemporaryFile::TemporaryFile() : file_(files::temporary()) {
  if (!file_) fail("a temporary file cannot be made");
}

void TemporaryFile::append(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
    fail("the temporary file cannot be written");
  size_ += bytes.size();
}

std::size_t TemporaryFile::read(std::span<char> to) {
  const std::size_t n = std::fread(to.data(), 1, to.size(), file_.get());
  if (n == 0 && std::ferror(file_.get()) != 0) fail("the temporary file cannot be read");
  return n;
}

// What is still in the buffer is written first.
bool TemporaryFile::rewind() {
  if (!files::seek(file_.get(), 0)) fail("the temporary file cannot be written");
  return true;
}

}  // namespace cloudflare::detail
