#include "base/fresh_file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <random>
#include <utility>

#include "base/files.hpp"

namespace cloudflare::detail {

namespace {

// File names have at most 255 bytes, so a long name is cut to make room for the suffix.
std::string part_of(const std::string& path) {
  constexpr std::size_t most = 230;
  std::array<char, 16> digits{};
  std::random_device random;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), random(), 16).ptr;
  const std::size_t name = files::name_in(path);
  return path.substr(0, name) + path.substr(name, most) + '.' + std::string(digits.data(), end) + ".part";
}

}  // namespace

FreshFile::~FreshFile() {
  if (file_ >= 0) files::close(file_);
  if (!part_.empty()) files::remove(part_);
}

bool FreshFile::create(const std::string& path, unsigned mode) {
  const auto old = files::status_of(path);
  if (!old && (errno != ENOENT || path.empty())) return false;  // commit() could not use this name
  if (old && !old->regular) {
    errno = old->folder ? EISDIR : EEXIST;
    return false;
  }
  std::string part;
  do {
    part = part_of(path);
    file_ = files::create(part, old ? 0600U : mode);
  } while (file_ < 0 && errno == EEXIST);
  if (file_ < 0) return false;
  part_ = std::move(part);
  path_ = path;
  if (old) files::set_permissions(file_, old->permissions);  // if this fails, only the owner has access
  return true;
}

bool FreshFile::write(std::string_view bytes) { return files::write_all(file_, bytes); }

bool FreshFile::restart() { return files::cut(file_, 0); }

bool FreshFile::commit() {
  const bool synced = files::sync(file_);
  const int why = errno;
  const bool closed = files::close(std::exchange(file_, -1));
  if (!synced) errno = why;
  if (!synced || !closed || !files::replace(part_, path_)) return false;
  part_.clear();
  files::sync_folder_of(path_);
  return true;
}

}  // namespace cloudflare::detail
