#include "base/watched_file.hpp"

#include <cerrno>
#include <ctime>
#include <system_error>

namespace cloudflare::detail {

namespace {

std::string why_not() { return "cannot be read: " + std::generic_category().message(errno); }

}  // namespace

Error WatchedFile::refused(const std::string& why) const {
  return invalid_argument(what_ + " \"" + path_ + "\" " + why);
}

std::string WatchedFile::text(std::size_t most) {
  const std::lock_guard lock(mutex_);
  // Looked at before it is read: if it changes in between, the next look sees another file.
  const auto now = files::status_of(path_);
  if (read_ && now == read_) return text_;
  read_.reset();
  text_.clear();
  if (!now) throw refused(why_not());
  if (!now->regular) throw refused("is not a regular file");
  const files::Stream file = files::open_to_read(path_);
  if (!file) throw refused(why_not());
  std::string text(most + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) throw refused(why_not());
  if (text.size() > most) throw refused("has more than " + std::to_string(most) + " bytes");
  constexpr std::int64_t tick = 2;
  if (static_cast<std::int64_t>(std::time(nullptr)) - now->seconds > tick) read_ = now;
  text_ = std::move(text);
  return text_;
}

}  // namespace cloudflare::detail
