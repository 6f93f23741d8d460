#pragma once

// What the operations of a kv::Cache share. It does not keep the client open, so flows and callbacks may own it.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kv/cache_table.hpp"
#include "kv/read_groups.hpp"

namespace cloudflare::kv {

class CacheCore : public std::enable_shared_from_this<CacheCore> {
 public:
  using Waker = std::function<void()>;

  /// A read of one key, shared by all that wait for it.
  struct Flight {
    std::string key{};
    TimePoint deadline{};
    std::vector<Waker> wakers{};
    bool keeps = true;  ///< Its value may be kept: no write or invalidation came since it began.
    std::optional<Result<SharedValue>> result{};
  };
  using FlightPtr = std::shared_ptr<Flight>;

  /// @throws Error  invalid_argument
  CacheCore(const KvNamespace& kv, const CacheOptions& options);

  /// Copies the cached value, fresh or stale, to `copy`, which is empty; false: a miss. A stale one may begin a read in
  /// the background.
  [[nodiscard]] bool find(std::string_view key, std::optional<std::string>& copy);

  struct Joined {
    std::optional<Result<SharedValue>> at_once{};
    FlightPtr flight{};
    bool begins = false;  ///< The caller is the first, and calls fly().
  };
  /// The cached value, or the read to wait for.
  [[nodiscard]] Joined join(std::string_view key, TimePoint now, TimePoint deadline, const Waker& waker, bool again);
  /// Sends the read of a flight. Unlocked: it may complete inside.
  void fly(const FlightPtr& flight, TimePoint now);
  /// The result of a flight, once it is there.
  [[nodiscard]] std::optional<Result<SharedValue>> result_of(const FlightPtr& flight);
  /// A read by its caller, who can wait for none: a flight of its own if there is none.
  [[nodiscard]] FlightPtr begin_alone(std::string_view key);
  /// Keeps what was read and wakes those who wait for it.
  void land(const FlightPtr& flight, const Read& read);

  void begin_write(std::string_view key);
  enum class Written : std::uint8_t { yes, no, perhaps };
  void end_write(std::string_view key, Written written, SharedValue value, TimePoint expires);

  void invalidate(std::string_view key);
  void clear();
  [[nodiscard]] CacheStatistics statistics();
  void close(const Error& error);

  [[nodiscard]] const std::shared_ptr<ReadGroups>& groups() const noexcept { return groups_; }
  [[nodiscard]] Clock& clock() const noexcept { return *groups_->context().options->clock; }
  [[nodiscard]] bool fits(const std::string& value) const noexcept { return table_.fits(value.size()); }

 private:
  /// Writes of one key that are under way.
  struct Writes {
    int under_way = 0;
    bool overlapped = false;
  };

  [[nodiscard]] const SharedValue* look(std::string_view key, TimePoint now, FlightPtr& refresh);
  [[nodiscard]] FlightPtr new_flight(std::string_view key, TimePoint deadline);
  void store(SharedValue value, TimePoint expires);
  void forget_flight(std::string_view key);

  CacheOptions options_;
  std::shared_ptr<ReadGroups> groups_;
  std::mutex mutex_{};
  CacheTable table_;
  std::unordered_map<std::string, FlightPtr> flights_{};  ///< Those that may be joined.
  std::unordered_set<FlightPtr> under_way_{};             ///< The same and those whose value is not kept.
  std::unordered_map<std::string, Writes> writes_{};
  CacheStatistics counted_{};
  std::optional<Error> closed_{};
};

}  // namespace cloudflare::kv
