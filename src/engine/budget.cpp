#include "engine/budget.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/saturating.hpp"

namespace cloudflare::detail {

RateBudget::time_point RateBudget::reserve(time_point now, time_point latest, std::size_t most) {
  const std::lock_guard lock(mutex_);
  while (!taken_.empty() && saturating_add(taken_.front(), window) <= now) taken_.pop_front();
  time_point at = std::max(now, blocked_until_);
  if (!taken_.empty()) at = std::max(at, taken_.back());  // a later call must not overtake one that waits
  if (taken_.size() >= most) at = std::max(at, saturating_add(taken_[taken_.size() - most], window));
  if (at <= latest) taken_.push_back(at);
  return at;
}

void RateBudget::block(time_point until) {
  const std::lock_guard lock(mutex_);
  blocked_until_ = std::max(blocked_until_, until);
}

std::size_t RateBudget::left(time_point now) const {
  const std::lock_guard lock(mutex_);
  if (blocked_until_ > now) return 0;
  const auto recent =
      std::count_if(taken_.begin(), taken_.end(), [now](time_point t) { return saturating_add(t, window) > now; });
  const auto used = static_cast<std::size_t>(recent);
  return used >= limits::requests_per_window ? 0 : limits::requests_per_window - used;
}

std::shared_ptr<RateBudget> budget_of(std::size_t credential_hash) {
  static std::mutex mutex;
  static std::unordered_map<std::size_t, std::weak_ptr<RateBudget>> budgets;
  const std::lock_guard lock(mutex);
  std::erase_if(budgets, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = budgets[credential_hash];
  auto budget = slot.lock();
  if (!budget) slot = budget = std::make_shared<RateBudget>();
  return budget;
}

}  // namespace cloudflare::detail
