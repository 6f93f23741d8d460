#pragma once

// What every `_many` call takes and gives back.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/error.hpp>
#include <cloudflare/limits.hpp>

namespace cloudflare {

/// What became of an item: done (written, read or erased), failed, or unknown because its request was cut off.
enum class Outcome : std::uint8_t { done, failed, unknown };

/// The outcome of one item, as it is handed to BulkOptions::on_outcome.
struct ItemOutcome {
  std::uint64_t index = 0;  ///< Position in the input, from 0.
  std::string_view name{};  ///< Key or id; valid during the call.
  Outcome outcome = Outcome::done;
  const Error* error = nullptr;  ///< Null if done.
};

/// One item that was not done. If `error.outcome_unknown()`, it may have been done after all.
struct ItemFailure {
  std::uint64_t index = 0;  ///< Position in the input, from 0.
  std::string name{};       ///< Key or id.
  Error error;

  [[nodiscard]] Outcome outcome() const noexcept {
    return error.outcome_unknown() ? Outcome::unknown : Outcome::failed;
  }
};

/// One outcome per item: every item read is counted in `succeeded` or in `not_done`.
///
/// If a name comes twice: one request holds each name once, and requests with a name in common are sent one after the
/// other, the later one when the earlier one is settled with all its repetitions. Within a request the later item
/// replaces the earlier one (inserts of vectors keep the earlier one), and both share one outcome. So the last item of
/// a name wins if it is done. No client can prevent that the server executes a request that was cut off after its
/// repetition.
struct [[nodiscard]] BulkResult {
  std::uint64_t items = 0;  ///< Items read from the input.
  std::uint64_t succeeded = 0;
  std::uint64_t not_done = 0;
  std::uint64_t unknown = 0;          ///< How many of `not_done` may have been done after all.
  std::vector<ItemFailure> failed{};  ///< The items not done, unless `on_outcome` took them.
  std::uint64_t requests = 0;         ///< Repeated requests count each time.
  /// Why the job ended before its input did (stop token, credential refused, …); later items were never read.
  std::optional<Error> stopped{};

  [[nodiscard]] bool complete() const noexcept { return not_done == 0 && !stopped; }
};

/// How far a `_many` call is, as BulkOptions::on_progress is told.
struct BulkProgress {
  std::uint64_t items_done = 0;                ///< Settled: succeeded or failed.
  std::uint64_t items_failed = 0;              ///< How many of `items_done` failed.
  std::optional<std::uint64_t> items_total{};  ///< The range's size, or BulkOptions::expected_items; else unknown.
  std::uint64_t bytes_done = 0;                ///< Bytes of request bodies.
  int requests_in_flight = 0;
  std::uint64_t requests = 0;
  /// Requests that may leave at once under the credential's rate budget; absent without a budget.
  std::optional<std::uint64_t> budget_left{};
  std::chrono::milliseconds elapsed{0};
  /// An estimate from the pace so far and the budget; absent while nothing is done or the total is unknown.
  std::optional<std::chrono::milliseconds> remaining{};
};

/// How a `_many` call packs its items into requests, and whom it tells.
struct BulkOptions {
  /// Requests under way at once; absent: the setting of the client (4).
  std::optional<int> in_flight{};
  /// Largest request body.
  std::uint64_t max_request_bytes = limits::kv_bulk_bytes;
  /// Items in the input, for BulkProgress::items_total; only needed where the range does not know its size.
  std::optional<std::uint64_t> expected_items{};
  /// Called after each request on the thread that drives the call. If it throws, the call ends with that exception.
  std::function<void(const BulkProgress&)> on_progress{};
  /// Called with the outcome of each item, once and in no particular order; BulkResult::failed then stays empty. For
  /// inputs whose failures would not fit in memory. Same thread and rules as `on_progress`.
  std::function<void(const ItemOutcome&)> on_outcome{};
};

}  // namespace cloudflare
