#pragma once

// How many bytes of bodies all connections may hold, in memory and on disk.

#include <atomic>
#include <cstdint>

namespace cloudflare::server {

/// A number of bytes that many users share. Any thread may call.
class Budget {
 public:
  explicit Budget(std::uint64_t most) : most_(most) {}

  /// Takes `bytes`, or takes nothing and returns false if too few are left.
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
