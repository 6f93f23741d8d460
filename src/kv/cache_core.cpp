#include "kv/cache_core.hpp"

#include <utility>

#include "base/saturating.hpp"
#include "kv/common.hpp"

namespace cloudflare::kv {

using detail::saturating_add;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds pause_after_failed_refresh{1'000};
// Smaller values are copied while the lock is held, which is faster than sharing them.
constexpr std::size_t copied_unlocked = 1024;

void require(bool good, const char* text) {
  if (!good) throw invalid_argument(text);
}

CacheOptions checked(const CacheOptions& options) {
  require(options.max_items > 0, "max_items is 0; a cache keeps at least 1");
  require(options.ttl > milliseconds(0), "the ttl of a cache must be positive");
  require(options.stale_for >= milliseconds(0), "stale_for is negative");
  require(options.stale_if_error >= milliseconds(0), "stale_if_error is negative");
  require(options.missing_ttl >= milliseconds(0), "missing_ttl is negative");
  return options;
}

// Whether an error says nothing of the key, the namespace or the caller.
bool may_pass(const Error& error) noexcept {
  switch (error.kind()) {
    case ErrorKind::rate_limited:
    case ErrorKind::quota_exceeded:
    case ErrorKind::overloaded:
    case ErrorKind::challenge:
    case ErrorKind::server:
    case ErrorKind::timeout:
    case ErrorKind::tls:
    case ErrorKind::transport: return true;
    default: return false;
  }
}

Result<SharedValue> shared(std::string_view key, const Read& read) {
  if (!read) return read.error();
  return SharedValue(key, *read);
}

}  // namespace

CacheCore::CacheCore(const KvNamespace& kv, const CacheOptions& options)
    : options_(checked(options)),
      groups_(std::make_shared<ReadGroups>(kv, options.reader)),
      table_(options.max_items, options.max_bytes) {}

// What the table says at `now`. A stale value may need a refresh, which the caller begins when it has unlocked. While
// reads fail, one is tried after each pause, and the value is given at once meanwhile.
const SharedValue* CacheCore::look(std::string_view key, TimePoint now, FlightPtr& refresh) {
  CacheTable::Item* item = table_.use(key);
  if (item == nullptr || now >= item->usable_until) return nullptr;
  if (now < item->fresh_until) {
    ++counted_.hits;
    return &item->value;
  }
  const bool failing = now < item->retry_at;
  const milliseconds longer = failing ? std::max(options_.stale_for, options_.stale_if_error) : options_.stale_for;
  if (!item->value.exists() || now >= saturating_add(item->fresh_until, longer)) return nullptr;
  ++counted_.stale;
  if (!failing && !flights_.contains(std::string(key)))
    refresh = new_flight(key, saturating_add(now, read_limit(groups_->context(), GetOptions())));
  return &item->value;
}

bool CacheCore::find(std::string_view key, std::optional<std::string>& copy) {
  const TimePoint now = clock().recent();
  FlightPtr refresh;
  SharedValue large;
  {
    const std::lock_guard lock(mutex_);
    const SharedValue* value = look(key, now, refresh);
    if (value == nullptr) return false;
    if (value->size() > copied_unlocked)
      large = *value;
    else
      value->copy_to(copy);
  }
  if (refresh) fly(refresh, now);
  if (large.exists()) large.copy_to(copy);
  return true;
}

CacheCore::Joined CacheCore::join(std::string_view key, TimePoint now, TimePoint deadline, const Waker& waker,
                                  bool again) {
  Joined joined;
  FlightPtr refresh;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      joined.at_once = *closed_;
      return joined;
    }
    if (const SharedValue* found = look(key, now, refresh)) {
      joined.at_once = *found;
    } else {
      if (!again) ++counted_.misses;
      const auto at = flights_.find(std::string(key));
      joined.begins = at == flights_.end();
      joined.flight = joined.begins ? new_flight(key, deadline) : at->second;
      joined.flight->wakers.push_back(waker);
    }
  }
  if (refresh) fly(refresh, now);
  return joined;
}

CacheCore::FlightPtr CacheCore::new_flight(std::string_view key, TimePoint deadline) {
  auto flight = std::make_shared<Flight>();
  flight->key = key;
  flight->deadline = deadline;
  flights_.emplace(flight->key, flight);
  under_way_.insert(flight);
  ++counted_.reads;
  return flight;
}

void CacheCore::fly(const FlightPtr& flight, TimePoint now) {
  Async::run(groups_->context(), groups_->get(flight->key, {.timeout = time_left(now, flight->deadline)}))
      .stop_on(std::stop_token())  // the handle's token closes the cache
      .start([core = shared_from_this(), flight](const Read& read) { core->land(flight, read); });
}

std::optional<Result<SharedValue>> CacheCore::result_of(const FlightPtr& flight) {
  const std::lock_guard lock(mutex_);
  return flight->result;
}

CacheCore::FlightPtr CacheCore::begin_alone(std::string_view key) {
  const std::lock_guard lock(mutex_);
  ++counted_.misses;
  if (!closed_ && !flights_.contains(std::string(key))) return new_flight(key, TimePoint::max());
  ++counted_.reads;
  auto flight = std::make_shared<Flight>();
  flight->keeps = false;
  return flight;
}

void CacheCore::land(const FlightPtr& flight, const Read& read) {
  Result<SharedValue> result = shared(flight->key, read);
  std::vector<Waker> wakers;
  {
    const std::lock_guard lock(mutex_);
    if (flight->result) return;  // closed meanwhile
    under_way_.erase(flight);
    if (flight->keeps) flights_.erase(flight->key);
    if (result) {
      if (flight->keeps) store(*result, TimePoint::max());
    } else if (CacheTable::Item* kept = table_.use(flight->key); kept != nullptr && may_pass(result.error())) {
      const TimePoint now = clock().now();
      kept->retry_at = saturating_add(now, pause_after_failed_refresh);
      const TimePoint end = std::min(saturating_add(kept->fresh_until, options_.stale_if_error), kept->usable_until);
      if (kept->value.exists() && now < end) {
        result = kept->value;
        counted_.stale += flight->wakers.size();
      }
    }
    flight->result = std::move(result);
    wakers.swap(flight->wakers);
  }
  for (const Waker& wake : wakers) wake();
}

void CacheCore::store(SharedValue value, TimePoint expires) {
  if (!value.exists() && options_.missing_ttl == milliseconds(0)) return table_.erase(value.key());
  const TimePoint fresh_until = saturating_add(clock().now(), value.exists() ? options_.ttl : options_.missing_ttl);
  CacheTable::Item item;
  item.value = std::move(value);
  item.fresh_until = fresh_until;
  item.usable_until = expires;
  table_.store(std::move(item));
}

// Whoever waits for the read gets its value, but it is not kept, and later callers begin another read.
void CacheCore::forget_flight(std::string_view key) {
  const auto at = flights_.find(std::string(key));
  if (at == flights_.end()) return;
  at->second->keeps = false;
  flights_.erase(at);
}

void CacheCore::begin_write(std::string_view key) {
  const std::lock_guard lock(mutex_);
  Writes& writes = writes_[std::string(key)];
  if (++writes.under_way > 1) writes.overlapped = true;
}

void CacheCore::end_write(std::string_view key, Written written, SharedValue value, TimePoint expires) {
  const std::lock_guard lock(mutex_);
  const auto at = writes_.find(std::string(key));
  const bool overlapped = at->second.overlapped;
  if (--at->second.under_way == 0) writes_.erase(at);
  if (written == Written::no && !overlapped) return;
  forget_flight(key);
  if (written == Written::yes && !overlapped && !closed_)
    store(std::move(value), expires);
  else
    table_.erase(key);
}

void CacheCore::invalidate(std::string_view key) {
  const std::lock_guard lock(mutex_);
  forget_flight(key);
  table_.erase(key);
}

void CacheCore::clear() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, flight] : flights_) flight->keeps = false;
  flights_.clear();
  table_.clear();
}

CacheStatistics CacheCore::statistics() {
  const std::lock_guard lock(mutex_);
  CacheStatistics all = counted_;
  all.evictions = table_.evictions();
  all.under_way = under_way_.size();
  all.items = table_.items();
  all.bytes = table_.bytes();
  return all;
}

void CacheCore::close(const Error& error) {
  std::vector<Waker> wakers;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = error;
    for (const FlightPtr& flight : under_way_) {
      flight->result = error;
      wakers.insert(wakers.end(), flight->wakers.begin(), flight->wakers.end());
    }
    under_way_.clear();
    flights_.clear();
    table_.clear();
  }
  for (const Waker& wake : wakers) wake();
  groups_->close(error);
}

}  // namespace cloudflare::kv
