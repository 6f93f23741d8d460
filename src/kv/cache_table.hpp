#pragma once

// The memory of a kv::Cache: values by key, the latest used first. It knows no thread and no clock.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <cloudflare/clock.hpp>
#include <cloudflare/kv/cache.hpp>

namespace cloudflare::kv {

/// A value that the cache and its callers share; null stands for "no such key".
using SharedValue = std::shared_ptr<const std::string>;

class CacheTable {
 public:
  using TimePoint = Clock::time_point;

  struct Item {
    SharedValue value{};
    TimePoint fresh_until{};
    TimePoint usable_until{};  ///< Its expiration, if known.
    TimePoint retry_at{};      ///< No refresh begins before.

   private:
    friend CacheTable;
    Item* newer = nullptr;
    Item* older = nullptr;
    const std::string* key = nullptr;
    std::size_t bytes = 0;
  };

  CacheTable(std::size_t max_items, std::size_t max_bytes) : max_items_(max_items), max_bytes_(max_bytes) {}
  CacheTable(const CacheTable&) = delete;
  CacheTable& operator=(const CacheTable&) = delete;

  /// The item of `key`, or null. It becomes the latest used.
  [[nodiscard]] Item* use(std::string_view key) {
    const auto found = items_.find(key);
    if (found == items_.end()) return nullptr;
    Item& item = found->second;
    if (&item != newest_) {
      unlink(item);
      link(item);
    }
    return &item;
  }

  /// Keeps a value and drops what was used longest ago until it fits. A value that cannot fit is not kept, and neither
  /// is the one before it.
  void store(std::string_view key, Item fresh) {
    erase(key);
    const std::size_t bytes = key.size() + (fresh.value ? fresh.value->size() : 0) + Cache::bytes_per_item;
    if (bytes > max_bytes_) return;
    while (items_.size() >= max_items_ || bytes_ > max_bytes_ - bytes) {
      erase(*oldest_->key);
      ++evictions_;
    }
    const auto at = items_.emplace(std::string(key), std::move(fresh)).first;
    Item& item = at->second;
    item.key = &at->first;
    item.bytes = bytes;
    bytes_ += bytes;
    link(item);
  }

  void erase(std::string_view key) {
    const auto found = items_.find(key);
    if (found == items_.end()) return;
    unlink(found->second);
    bytes_ -= found->second.bytes;
    items_.erase(found);
  }

  void clear() {
    items_.clear();
    newest_ = oldest_ = nullptr;
    bytes_ = 0;
  }

  [[nodiscard]] bool fits(std::size_t value_bytes) const noexcept { return value_bytes <= max_bytes_; }
  [[nodiscard]] std::size_t items() const noexcept { return items_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }

 private:
  struct Hash {
    using is_transparent = void;
    // Not noexcept: libstdc++ then keeps the hashes of its nodes, so that a look-up computes one.
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };

  void link(Item& item) {
    item.newer = nullptr;
    item.older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = &item;
    newest_ = &item;
  }
  void unlink(Item& item) {
    (item.newer != nullptr ? item.newer->older : newest_) = item.older;
    (item.older != nullptr ? item.older->newer : oldest_) = item.newer;
  }

  std::size_t max_items_;
  std::size_t max_bytes_;
  std::unordered_map<std::string, Item, Hash, std::equal_to<>> items_{};
  Item* newest_ = nullptr;
  Item* oldest_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint64_t evictions_ = 0;
};

}  // namespace cloudflare::kv
