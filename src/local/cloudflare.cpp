#include <cloudflare/local.hpp>

#include "local/service.hpp"

namespace cloudflare::local {

namespace {

// A credential that the store accepts.
Credential credential_of(const CloudflareOptions& options) {
  if (options.token.empty() && !options.api_key.empty()) return EmailKey(options.email, options.api_key);
  return ApiToken(options.token.empty() ? "embedded-store" : options.token);
}

}  // namespace

Cloudflare::Cloudflare(const CloudflareOptions& options)
    : service_(std::make_shared<Service>(std::string(), options)),
      account_id_(options.account_id),
      credential_(credential_of(options)) {}

Cloudflare::Cloudflare(std::in_place_t, const std::string& folder, const CloudflareOptions& options)
    : account_id_(options.account_id), credential_(credential_of(options)) {
  if (folder.empty()) throw invalid_argument("the path of the embedded store's folder is empty");
  service_ = std::make_shared<Service>(folder, options);
}

ApiClient Cloudflare::client(ClientOptions options) const {
  options.account_id = account_id_;
  options.transport = service_;
  options.base_url = "http://127.0.0.1/client/v4";
  options.rate_budget = options.rate_budget.value_or(false);
  return ApiClient(credential_, std::move(options));
}

std::shared_ptr<Transport> Cloudflare::transport() const { return service_; }

Admission Cloudflare::admit(const HttpRequest& head) const { return service_->admit(head); }

const std::string& Cloudflare::account_id() const noexcept { return account_id_; }

}  // namespace cloudflare::local
