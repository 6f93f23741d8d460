#pragma once

// One account: its stores, its clock, its limits of time. Everything handlers work on.

#include <memory>
#include <string>

#include <cloudflare/clock.hpp>
#include <cloudflare/local.hpp>

#include "local/d1/store.hpp"
#include "local/http/rate_limits.hpp"
#include "local/kv/store.hpp"
#include "local/vectorize/store.hpp"

namespace cloudflare::local {

class Account {
 public:
  /// An empty folder keeps everything in memory. @throws Error  invalid_argument: the folder cannot be used, or another
  ///                                                process or object uses it
  Account(const std::string& folder, const CloudflareOptions& options);

  const CloudflareOptions options;
  const std::shared_ptr<Clock> clock;
  RateLimits rate_limits;
  KvStore kv;
  D1Store d1;
  VectorizeStore vectorize;
};

}  // namespace cloudflare::local
