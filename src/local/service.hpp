#pragma once

// The one entry of the embedded store: an HTTP request in, an HTTP reply out. The in-process transport and the HTTP
// server both call it.

#include <cloudflare/transport.hpp>

#include "account.hpp"

namespace cloudflare::local {

class Service {
 public:
  Service(const std::string& folder, std::string account_id, std::shared_ptr<Clock> clock, bool rate_limits,
          std::chrono::seconds vectorize_delay = std::chrono::seconds(0))
      : account_(folder, std::move(account_id), std::move(clock), rate_limits, vectorize_delay) {}

  /// Answers any request; any thread may call. A 2xx body goes to the request's sink if there is one. What a source or
  /// sink of the request throws passes through.
  HttpResponse handle(const HttpRequest& request);

 private:
  Account account_;
};

}  // namespace cloudflare::local
