#pragma once

// A hash table from the hash of a name to the position of an item in its input. It is flat because every item of a bulk
// job is inserted and erased.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace cloudflare::detail {

/// It stores only the hashes of names: the caller compares the names where that matters.
class NameTable {
 public:
  /// Inserts `index`, or returns the position that is there already.
  [[nodiscard]] std::optional<std::uint64_t> insert(std::size_t hash, std::uint64_t index) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[seek(hash)];
    if (slot.used()) return slot.following - 1;
    slot = {.hash = hash, .following = index + 1};
    ++count_;
    return std::nullopt;
  }

  /// Replaces the position that is there by `index`.
  void replace(std::size_t hash, std::uint64_t index) noexcept { slots_[seek(hash)].following = index + 1; }

  /// False if another position is there.
  bool erase(std::size_t hash, std::uint64_t index) noexcept {
    std::size_t hole = seek(hash);
    if (!slots_[hole].used()) return true;
    if (slots_[hole].following != index + 1) return false;
    // Moves later entries of the probe sequence into the hole.
    for (std::size_t at = next(hole); slots_[at].used(); at = next(at)) {
      if (distance(slots_[at].hash, at) < distance(hole, at)) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole].following = 0;
    --count_;
    return true;
  }

 private:
  struct Slot {
    std::size_t hash = 0;
    std::uint64_t following = 0;  ///< The position after the item's; 0 in a free slot.
    [[nodiscard]] bool used() const noexcept { return following != 0; }
  };

  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }
  /// Steps from the home slot of a hash, or from a slot, to the slot `to`.
  [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept { return (to - from) & mask(); }
  [[nodiscard]] std::size_t seek(std::size_t hash) const noexcept {
    std::size_t at = hash & mask();
    while (slots_[at].used() && slots_[at].hash != hash) at = next(at);
    return at;
  }
  void grow() {
    constexpr std::size_t smallest = 128;
    std::vector<Slot> before(slots_.empty() ? smallest : 4 * slots_.size());
    std::swap(before, slots_);
    for (const Slot& slot : before)
      if (slot.used()) slots_[seek(slot.hash)] = slot;
  }

  std::vector<Slot> slots_{};  ///< Their number is a power of two; at most half are used.
  std::size_t count_ = 0;
};

}  // namespace cloudflare::detail
