#pragma once

// The rate limits that can be switched on: requests per five minutes, writes per second to one key, restores of a
// database per ten minutes.

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <cloudflare/clock.hpp>

namespace cloudflare::local {

class RateLimits {
 public:
  RateLimits(bool enabled, const Clock& clock) : enabled_(enabled), clock_(clock) {}

  /// Counts one request. @throws ApiError  429, code 971
  void count_request();
  /// Notes a write to a key; `scope` names its namespace. @throws ApiError  429, code 971
  void count_write(std::string_view scope, std::string_view key);
  /// @throws ApiError  429, code 971
  void count_restore(const std::string& database);

 private:
  const bool enabled_;
  const Clock& clock_;
  std::mutex mutex_{};
  Clock::time_point window_end_ = Clock::time_point::min();
  int requests_ = 0;
  std::unordered_map<std::string, Clock::time_point> written_{};
  std::unordered_map<std::string, std::deque<Clock::time_point>> restores_{};
};

}  // namespace cloudflare::local
