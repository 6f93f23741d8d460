#include "local/storage/spool.hpp"

#include <array>
#include <stdexcept>

#include "local/storage/call_limits.hpp"

namespace cloudflare::local {

Spool::Spool() : file_(std::tmpfile()) {
  if (!file_) throw std::runtime_error("no temporary file can be made");
}

void Spool::append(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
    throw std::runtime_error("the temporary file cannot be written");
  size_ += bytes.size();
}

void Spool::read(const std::function<void(std::string_view)>& take) {
  std::rewind(file_.get());
  std::array<char, 65'536> piece{};
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file_.get())) {
    CallLimits::current().check();
    take(std::string_view(piece.data(), n));
  }
  if (std::ferror(file_.get()) != 0) throw std::runtime_error("the temporary file cannot be read");
}

}  // namespace cloudflare::local
