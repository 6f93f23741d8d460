#pragma once

// What every `_many` call takes and gives back.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <cloudflare/error.hpp>
#include <cloudflare/limits.hpp>

namespace cloudflare {

/// One item that was not done. `error.outcome_unknown()` tells those that may have been done after all.
struct ItemFailure {
  std::uint64_t index = 0;  ///< Position in the input, from 0.
  std::string name{};       ///< Key or id.
  Error error;
};

/// One outcome per item: every item read is either counted in `succeeded` or listed in `failed`.
struct [[nodiscard]] BulkResult {
  std::uint64_t items = 0;  ///< Items read from the input.
  std::uint64_t succeeded = 0;
  std::vector<ItemFailure> failed{};
  std::uint64_t requests = 0;
  /// Why the job ended before its input did (stop token, credential refused, …); later items were never read.
  std::optional<Error> stopped{};

  [[nodiscard]] bool complete() const noexcept { return failed.empty() && !stopped; }
};

struct BulkProgress {
  std::uint64_t items_done = 0;    ///< Settled: succeeded or failed.
  std::uint64_t items_failed = 0;  ///< Of these, not done.
  std::uint64_t bytes_done = 0;    ///< Of request bodies.
  int requests_in_flight = 0;
  std::uint64_t requests = 0;
};

struct BulkOptions {
  /// Requests under way at once; absent: the client's (4).
  std::optional<int> in_flight{};
  /// Largest request body.
  std::uint64_t max_request_bytes = limits::kv_bulk_bytes;
  /// Called after each request on the thread that drives the call. If it throws, the call ends with that exception.
  std::function<void(const BulkProgress&)> on_progress{};
};

}  // namespace cloudflare
