#include "local/d1/store.hpp"

#include <chrono>
#include <filesystem>
#include <utility>

#include "base/files.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

namespace {

// Databases in files that are kept open; each takes two or three file descriptors.
constexpr std::size_t max_open = 128;

std::string file_in(const std::string& folder, const std::string& name) {
  return folder.empty() ? std::string() : folder + "/" + name;
}

}  // namespace

StoredDatabase::StoredDatabase(D1Registry& registry, const std::string& uuid, const std::string& folder,
                               const Clock& clock, Watchdog& watchdog)
    : engine(file_in(folder, uuid + ".sqlite"), watchdog), history(registry, uuid, folder, clock, engine.database()) {
  engine.before_write = [this] { history.before_write(); };
  engine.after_write = [this] { history.after_write(); };
}

std::unique_lock<CallMutex> StoredDatabase::lock() {
  constexpr std::chrono::seconds longest_wait{30};
  if (!mutex.try_lock_until(std::chrono::steady_clock::now() + longest_wait))
    throw ApiError{.status = 429, .code = 7429, .message = "D1 DB is overloaded. Requests queued for too long."};
  return {mutex, std::adopt_lock};
}

StoredDatabase::Sizes StoredDatabase::sizes() {
  const std::unique_lock free(mutex, std::try_to_lock);
  const std::lock_guard lock(sizes_mutex_);
  if (free) sizes_ = {engine.count_tables(), engine.size()};
  return sizes_;
}

D1Store::D1Store(std::string folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock), registry_(file_in(folder_, "databases.sqlite")), transfers_(clock) {}

std::string D1Store::file_of(const std::string& uuid) const { return file_in(folder_, uuid + ".sqlite"); }

std::shared_ptr<StoredDatabase> D1Store::open(const std::string& uuid) {
  const std::lock_guard lock(mutex_);
  if (const auto found = open_.find(uuid); found != open_.end()) return found->second;
  if (!folder_.empty() && open_.size() >= max_open)
    std::erase_if(open_, [](const auto& entry) { return entry.second.use_count() == 1; });
  auto database = std::make_shared<StoredDatabase>(registry_, uuid, folder_, clock_, watchdog_);
  open_.emplace(uuid, database);
  return database;
}

std::shared_ptr<StoredDatabase> D1Store::open_if_used(const std::string& uuid) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = open_.find(uuid); found != open_.end()) return found->second;
  }
  if (folder_.empty() || !std::filesystem::exists(detail::files::path_of(file_of(uuid)))) return nullptr;
  return open(uuid);
}

void D1Store::remove(const std::string& uuid) {
  const std::lock_guard lock(mutex_);
  open_.erase(uuid);
  registry_.remove(uuid);
  if (folder_.empty()) return;
  // The database, its log, and its snapshots.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(detail::files::path_of(folder_), ignored))
    if (detail::files::utf8_of(entry.path().filename()).starts_with(uuid))
      std::filesystem::remove(entry.path(), ignored);
}

}  // namespace cloudflare::local
