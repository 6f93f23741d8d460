#pragma once

// The one entry of the embedded store: an HTTP request in, an HTTP reply out. The in-process transport and the HTTP
// server both call it.

#include <cloudflare/transport.hpp>

#include "account.hpp"

namespace cloudflare::local {

class Service {
 public:
  Service(const std::string& folder, const CloudflareOptions& options) : account_(folder, options) {}

  /// Answers any request; any thread may call. A 2xx body goes to the request's sink if there is one. What a source or
  /// sink of the request throws passes through.
  HttpResponse handle(const HttpRequest& request);

 private:
  Account account_;
};

}  // namespace cloudflare::local
