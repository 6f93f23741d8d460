// Compares write_float() with std::to_chars for every bit pattern, on all cores. Prints "floats: N passed, N failed".

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "support/float_compare.hpp"

int main() {
  constexpr std::uint64_t patterns = 1ULL << 32U;
  constexpr std::uint64_t share = 1ULL << 24U;
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> failed{0};
  const auto work = [&] {
    for (std::uint64_t begin = next.fetch_add(share); begin < patterns; begin = next.fetch_add(share)) {
      for (std::uint64_t bits = begin; bits < begin + share; ++bits) {
        const std::string text = cloudflare_tests::difference(static_cast<std::uint32_t>(bits));
        if (text.empty()) continue;
        if (++failed <= 10) std::fprintf(stderr, "%08x: %s\n", static_cast<unsigned>(bits), text.c_str());
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  std::printf("floats: %llu passed, %llu failed\n", static_cast<unsigned long long>(patterns - failed),
              static_cast<unsigned long long>(failed.load()));
  return failed == 0 ? 0 : 1;
}
