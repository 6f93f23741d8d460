#include "local/d1/history.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "base/files.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

namespace {

// Cloudflare docs, "Time Travel": 30 days (Workers Paid).
constexpr std::int64_t window_seconds = 30L * 24 * 3600;

// Like "00000085-0000024c-00004c6d-<32 hexadecimal digits>"; sorts by `sequence`.
std::string bookmark_text(unsigned sequence, std::int64_t time) {
  std::array<char, 32> head{};
  const auto bits = static_cast<std::uint64_t>(time);
  const int length = std::snprintf(head.data(), head.size(), "%08x-%08x-%08x-", sequence,
                                   static_cast<unsigned>(bits >> 32U), static_cast<unsigned>(bits & 0xFFFFFFFFU));
  return std::string(head.data(), static_cast<std::size_t>(length)) + random_hex(16);
}

}  // namespace

D1History::D1History(D1Registry& registry, std::string uuid, std::string folder, const Clock& clock, Sqlite& database)
    : registry_(registry),
      uuid_(std::move(uuid)),
      folder_(std::move(folder)),
      clock_(clock),
      database_(database),
      state_since_(now()) {
  // If the newest bookmark has no snapshot, nothing was written since it was handed out.
  if (const auto newest = registry_.newest_bookmark(uuid_); newest && !newest->kept) {
    current_ = newest->text;
    state_since_ = newest->since;
  }
}

std::int64_t D1History::horizon() const { return now() - window_seconds; }

std::string D1History::file_of(std::string_view bookmark) const {
  return folder_ + "/" + uuid_ + "." + std::string(bookmark) + ".sqlite";
}

void D1History::begin(D1Registry& registry, std::string_view uuid, const Clock& clock) {
  const std::int64_t time = clock.wall().time_since_epoch().count();
  registry.add_bookmark(uuid, {.text = bookmark_text(0, time), .since = time}, time);
}

std::string D1History::current() {
  if (!current_.empty()) return current_;
  forget_old();
  unsigned sequence = 0;
  if (const auto newest = registry_.newest_bookmark(uuid_)) {
    std::from_chars(newest->text.data(), newest->text.data() + 8, sequence, 16);
    ++sequence;
  }
  current_ = bookmark_text(sequence, now());
  kept_ = false;
  registry_.add_bookmark(uuid_, {.text = current_, .since = state_since_}, now());
  return current_;
}

std::optional<std::string> D1History::at(std::int64_t time) {
  if (time < horizon()) return std::nullopt;
  if (time >= state_since_) return current();
  const auto found = registry_.bookmark_at(uuid_, time);
  if (!found) return std::nullopt;
  return found->text;
}

void D1History::before_write() {
  if (current_.empty() || kept_) return;
  if (folder_.empty()) {
    auto copy = std::make_shared<Sqlite>(std::string());
    copy_database(database_, *copy);
    in_memory_[current_] = std::move(copy);
  } else {
    // An earlier process may have left an unfinished copy.
    std::filesystem::remove(detail::files::path_of(file_of(current_)));
    Sqlite copy(file_of(current_));
    copy_database(database_, copy);
  }
  registry_.mark_kept(uuid_, current_);
  kept_ = true;
}

void D1History::after_write() {
  current_.clear();
  kept_ = false;
  state_since_ = now();
}

std::shared_ptr<Sqlite> D1History::open(const std::string& bookmark) {
  if (bookmark == current_) before_write();  // makes its snapshot
  if (folder_.empty()) return in_memory_.at(bookmark);
  return std::make_shared<Sqlite>(file_of(bookmark));
}

void D1History::forget_old() {
  for (const std::string& bookmark : registry_.forget_bookmarks(uuid_, horizon())) {
    if (folder_.empty()) {
      in_memory_.erase(bookmark);
    } else {
      std::error_code ignored;
      std::filesystem::remove(detail::files::path_of(file_of(bookmark)), ignored);
    }
  }
}

}  // namespace cloudflare::local
