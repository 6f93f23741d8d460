#pragma once

// The two limits of time that can be switched on: requests per five minutes, and writes per second to one key.

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

 private:
  const bool enabled_;
  const Clock& clock_;
  std::mutex mutex_{};
  Clock::time_point window_end_ = Clock::time_point::min();
  int requests_ = 0;
  std::unordered_map<std::string, Clock::time_point> written_{};
};

}  // namespace cloudflare::local
