#pragma once

// The limits of one server. docs/local.md lists the options that change these.

#include <chrono>
#include <cstdint>

namespace cloudflare::server {

struct ServerLimits {
  int connections = 4096;                        ///< One more is answered 503 and closed.
  std::chrono::seconds idle{75};                 ///< From one request to the first byte of the next.
  std::chrono::seconds stall{30};                ///< For a head to be complete; for a body or reply that does not move.
  std::chrono::seconds body{3600};               ///< For a whole body or reply.
  std::uint64_t least_rate = 16UL << 10;         ///< Bytes a second of a body or reply, on average beyond `stall`.
  std::uint64_t memory = 256UL << 20;            ///< Bytes of all bodies in memory; the others wait on disk.
  std::uint64_t disk = 12'000'000'000;           ///< Bytes of all bodies in temporary files.
  std::chrono::seconds ending{5};                ///< For requests under way, once the server is told to end.
  std::chrono::seconds ending_of_statements{2};  ///< For what still runs then and was told to stop.
};

}  // namespace cloudflare::server
