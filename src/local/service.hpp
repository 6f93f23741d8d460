#pragma once

// The one entry of the embedded store: an HTTP request in, an HTTP reply out, for clients in the process and for the
// HTTP server.

#include <functional>

#include <cloudflare/http/transport.hpp>

#include "local/account.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

class Service final : public Transport {
 public:
  /// Answers a request for what is not part of v4.
  using Routes = std::function<Reply(Account&, Request&)>;

  Service(const std::string& folder, const CloudflareOptions& options) : account_(folder, options) {}

  /// Answers any request; any thread may call. Ends soon after the deadline, by the machine's steady clock, or the stop
  /// token, with an Error: then nothing was changed. A 2xx body goes to the request's sink if there is one. What a
  /// source or sink of the request throws passes through.
  HttpResponse send(const HttpRequest& request, const TransferLimits& limits) override;

  [[nodiscard]] Account& account() noexcept { return account_; }
  /// Who answers under /api; nobody at first.
  void set_api_routes(Routes routes) { api_routes_ = std::move(routes); }

 private:
  Reply answer(const HttpRequest& request);

  Account account_;
  Routes api_routes_{};
};

}  // namespace cloudflare::local
