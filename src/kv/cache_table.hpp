#pragma once

// The memory of a kv::Cache: values by key, bounded. It knows no thread and no clock.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <cloudflare/clock.hpp>
#include <cloudflare/kv/cache.hpp>

namespace cloudflare::kv {

/// A key with its value, or the fact that it has none, shared by the cache and its callers. Both lie in one block of
/// memory, since a look-up reads one after the other.
class SharedValue {
 public:
  SharedValue() = default;
  SharedValue(std::string_view key, const std::optional<std::string>& value)
      : size_(value ? value->size() : 0),
        key_size_(static_cast<std::uint32_t>(key.size())),
        exists_(value.has_value()) {
    block_ = std::make_shared_for_overwrite<char[]>(key_size_ + size_);
    std::copy(key.begin(), key.end(), block_.get());
    if (value) std::copy(value->begin(), value->end(), block_.get() + key_size_);
  }
  [[nodiscard]] std::string_view key() const noexcept { return {block_.get(), key_size_}; }
  [[nodiscard]] bool exists() const noexcept { return exists_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void copy_to(std::optional<std::string>& value) const {
    if (exists_) value.emplace(block_.get() + key_size_, size_);
  }
  [[nodiscard]] std::optional<std::string> copy() const {
    std::optional<std::string> value;
    copy_to(value);
    return value;
  }

 private:
  std::shared_ptr<char[]> block_{};
  std::size_t size_ = 0;
  std::uint32_t key_size_ = 0;  // of at most limits::kv_key_bytes
  bool exists_ = false;
};

class CacheTable {
 public:
  using TimePoint = Clock::time_point;

  class Item {
    friend CacheTable;
    std::pair<const std::string_view, Item>* newer = nullptr;
    std::pair<const std::string_view, Item>* older = nullptr;

   public:
    TimePoint retry_at{};  ///< No refresh begins before.
    // What a hit reads lies together, beside the hash that the map keeps.
    SharedValue value{};
    TimePoint fresh_until{};
    TimePoint usable_until{};  ///< Its expiration, if known.

   private:
    bool used = false;
  };

  CacheTable(std::size_t max_items, std::size_t max_bytes) : max_items_(max_items), max_bytes_(max_bytes) {}
  CacheTable(const CacheTable&) = delete;
  CacheTable& operator=(const CacheTable&) = delete;

  /// The item of `key`, or null. It counts as used.
  [[nodiscard]] Item* use(std::string_view key) {
    const auto found = items_.find(key);
    if (found == items_.end()) return nullptr;
    if (!found->second.used) found->second.used = true;  // a hit writes no memory that is right already
    return &found->second;
  }

  /// Keeps a value and drops old ones that were not used of late until it fits. A value that cannot fit is not kept,
  /// and neither is the one before it.
  void store(Item fresh) {
    const std::string_view key = fresh.value.key();
    erase(key);
    const std::size_t bytes = cost_of(key, fresh);
    if (bytes > max_bytes_) return;
    while (items_.size() >= max_items_ || bytes_ > max_bytes_ - bytes) {
      if (spare_oldest()) continue;
      erase(oldest_->first);
      ++evictions_;
    }
    bytes_ += bytes;
    link(*items_.emplace(key, std::move(fresh)).first);
  }

  void erase(std::string_view key) {
    const auto found = items_.find(key);
    if (found == items_.end()) return;
    unlink(*found);
    bytes_ -= cost_of(key, found->second);
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
  using Node = std::pair<const std::string_view, Item>;

  static std::size_t cost_of(std::string_view key, const Item& item) noexcept {
    return key.size() + item.value.size() + Cache::bytes_per_item;
  }

  void link(Node& node) {
    node.second.newer = nullptr;
    node.second.older = newest_;
    (newest_ != nullptr ? newest_->second.newer : oldest_) = &node;
    newest_ = &node;
  }
  void unlink(Node& node) {
    const Item& item = node.second;
    (item.newer != nullptr ? item.newer->second.older : newest_) = item.older;
    (item.older != nullptr ? item.older->second.newer : oldest_) = item.newer;
  }
  // An item that was used since it came to its place goes to the front instead.
  bool spare_oldest() {
    Node& node = *oldest_;
    if (!std::exchange(node.second.used, false)) return false;
    unlink(node);
    link(node);
    return true;
  }

  std::size_t max_items_;
  std::size_t max_bytes_;
  std::unordered_map<std::string_view, Item> items_{};  ///< A key lies in its item.
  Node* newest_ = nullptr;
  Node* oldest_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint64_t evictions_ = 0;
};

}  // namespace cloudflare::kv
