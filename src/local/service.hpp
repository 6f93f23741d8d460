#pragma once

// The one entry of the embedded store: an HTTP request in, an HTTP reply out, for clients in the process and for the
// HTTP server.

#include <functional>

#include <cloudflare/http/transport.hpp>
#include <cloudflare/local.hpp>

#include "local/account.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

class Service final : public Transport {
 public:
  /// Answers a request outside v4.
  using Routes = std::function<Reply(Account&, Request&)>;

  /// Judges a request outside v4 by its head.
  using Gate = std::function<Judgement(Account&, const Request&)>;

  Service(const std::string& folder, const CloudflareOptions& options) : account_(folder, options) {}

  /// Answers any request; any thread may call. Ends soon after the deadline, by the machine's steady clock, or the stop
  /// token, with an Error: then nothing was changed. A 2xx body goes to the request's sink if there is one. What a
  /// source or sink of the request throws passes through.
  HttpResponse send(const HttpRequest& request, const TransferLimits& limits) override;

  /// Judges a request by its head: see Cloudflare::admit. Waits for no request that is under way.
  [[nodiscard]] Admission admit(const HttpRequest& head);

  [[nodiscard]] Account& account() noexcept { return account_; }
  /// Sets what judges and answers requests under /api. Before that these paths are unknown.
  void set_api_routes(Routes routes, Gate gate) {
    api_routes_ = std::move(routes);
    api_gate_ = std::move(gate);
  }

 private:
  Reply answer(const HttpRequest& request);
  [[nodiscard]] Judgement judge(const HttpRequest& head);

  Account account_;
  Routes api_routes_{};
  Gate api_gate_{};
};

}  // namespace cloudflare::local
