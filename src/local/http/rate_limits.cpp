#include "local/http/rate_limits.hpp"

#include <cloudflare/limits.hpp>

#include "local/http/request.hpp"

namespace cloudflare::local {

namespace {

[[noreturn]] void refuse(Clock::time_point::duration wait) {
  throw ApiError{.status = 429,
                 .code = 971,
                 .message = "Please wait and consider throttling your request speed",
                 .retry_after = std::chrono::ceil<std::chrono::seconds>(wait).count()};
}

}  // namespace

void RateLimits::count_request() {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  if (now >= window_end_) {
    window_end_ = now + limits::request_window;
    requests_ = 0;
  }
  if (++requests_ <= limits::requests_per_window) return;
  // The first request over the limit blocks all calls for the next five minutes.
  if (requests_ == limits::requests_per_window + 1) window_end_ = now + limits::request_window;
  refuse(window_end_ - now);
}

void RateLimits::count_write(std::string_view scope, std::string_view key) {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  constexpr std::chrono::seconds pause{1};
  if (written_.size() > 100'000)
    std::erase_if(written_, [&](const auto& entry) { return entry.second + pause <= now; });
  const auto [entry, is_new] = written_.try_emplace(std::string(scope).append("/").append(key), now);
  if (is_new) return;
  if (entry->second + pause > now) refuse(entry->second + pause - now);
  entry->second = now;
}

void RateLimits::count_restore(const std::string& database) {
  if (!enabled_) return;
  // Cloudflare docs, "Time Travel": at most 10 restores per 10 minutes and database.
  constexpr std::size_t most = 10;
  constexpr std::chrono::minutes window{10};
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  auto& times = restores_[database];
  while (!times.empty() && times.front() + window <= now) times.pop_front();
  if (times.size() >= most) refuse(times.front() + window - now);
  times.push_back(now);
}

}  // namespace cloudflare::local
