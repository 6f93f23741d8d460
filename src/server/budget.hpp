#pragma once

// What all connections may hold of bodies, in memory and on disk.

#include <atomic>
#include <cstdint>

namespace cloudflare::server {

/// An amount that many share. Any thread may call.
class Budget {
 public:
  explicit Budget(std::uint64_t most) : most_(most) {}

  /// Takes `bytes`, or nothing and gives false if they are too many.
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
    std::uint64_t taken = taken_.load();
    while (bytes <= most_ - taken)
      if (taken_.compare_exchange_weak(taken, taken + bytes)) return true;
    return false;
  }
  void give_back(std::uint64_t bytes) noexcept { taken_ -= bytes; }

 private:
  const std::uint64_t most_;
  std::atomic<std::uint64_t> taken_ = 0;
};

struct Budgets {
  Budget memory;
  Budget disk;
};

}  // namespace cloudflare::server
