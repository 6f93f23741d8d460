#pragma once

// One account: its stores, its clock and its rate limits. Handlers work on nothing else.

#include <memory>
#include <string>

#include <cloudflare/clock.hpp>
#include <cloudflare/local.hpp>

#include "local/http/rate_limits.hpp"

namespace cloudflare::local {

class NamespaceStore;
class D1Store;
class VectorizeStore;

/// The types of the stores are only declared here: code that uses a store includes that store's header.
class Account {
  struct Stores;
  std::unique_ptr<Stores> stores_;

 public:
  /// An empty folder keeps everything in memory. @throws Error  invalid_argument: the folder cannot be used, or another
  ///                                                process or object uses it
  Account(const std::string& folder, const CloudflareOptions& options);
  ~Account();
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  const CloudflareOptions options;
  const std::shared_ptr<Clock> clock;
  RateLimits rate_limits;
  NamespaceStore& kv;
  D1Store& d1;
  VectorizeStore& vectorize;
};

}  // namespace cloudflare::local
