#include "local/vectorize/store.hpp"

#include "local/http/request.hpp"

namespace cloudflare::local {

namespace {

// Cloudflare does not document how long a cursor is valid; the reply names the time.
constexpr std::int64_t listing_seconds = 3600;

}  // namespace

std::shared_ptr<StoredIndex> VectorizeStore::open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto it = open_.find(name); it != open_.end()) return it->second;
  auto record = database_.find(name);
  if (!record) return nullptr;
  auto index = std::make_shared<StoredIndex>(database_, *std::move(record), clock_, delay_);
  open_.emplace(name, index);
  return index;
}

void VectorizeStore::remove(StoredIndex& index) {
  const std::lock_guard lock(mutex_);
  index.remove();
  open_.erase(index.record().name);
}

std::string VectorizeStore::keep(VectorListing& listing) {
  const std::int64_t now = clock_.wall().time_since_epoch().count();
  listing.expires = now + listing_seconds;
  std::string name = random_hex(16);
  const std::lock_guard lock(mutex_);
  std::erase_if(listings_, [now](const auto& entry) { return entry.second.expires <= now; });
  listings_.emplace(name, listing);
  return name;
}

std::optional<VectorListing> VectorizeStore::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = listings_.find(name);
  if (it == listings_.end() || it->second.expires <= clock_.wall().time_since_epoch().count()) return std::nullopt;
  return it->second;
}

}  // namespace cloudflare::local
