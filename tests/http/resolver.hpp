#pragma once
// A resolver that hangs, or that knows names of its own: it stands in for the system's in the program that links it.

#include <cstddef>

namespace support {

/// Does not resolve while a Hang lives.
inline constexpr const char* hanging_host = "hangs.example";
/// Resolves to 127.0.0.1.
inline constexpr const char* known_host = "known.example";

class Hang {
 public:
  Hang();
  ~Hang();  ///< fails every question that still hangs, and waits until all have returned
  Hang(const Hang&) = delete;
  Hang& operator=(const Hang&) = delete;
  /// Blocks until `n` questions hang.
  void wait_for(std::size_t n) const;
};

}  // namespace support
