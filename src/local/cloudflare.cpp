#include <cloudflare/local.hpp>

#include "service.hpp"

namespace cloudflare::local {

namespace {

class InProcess final : public Transport {
 public:
  InProcess(const std::string& folder, const CloudflareOptions& options) : service_(folder, options) {}

  HttpResponse send(const HttpRequest& request, const TransferLimits&) override {
    HttpResponse response = service_.handle(request);
    if (response.body.size() > request.reply_limit)
      throw Error(ErrorKind::too_large,
                  "the reply is larger than the limit of " + std::to_string(request.reply_limit) + " bytes");
    return response;
  }

 private:
  Service service_;
};

// One that the store takes.
Credential credential_of(const CloudflareOptions& options) {
  if (options.token.empty() && !options.api_key.empty()) return EmailKey(options.email, options.api_key);
  return ApiToken(options.token.empty() ? "embedded-store" : options.token);
}

}  // namespace

Cloudflare::Cloudflare(const CloudflareOptions& options)
    : transport_(std::make_shared<InProcess>(std::string(), options)),
      account_id_(options.account_id),
      credential_(credential_of(options)) {}

Cloudflare::Cloudflare(const std::string& folder, const CloudflareOptions& options)
    : account_id_(options.account_id), credential_(credential_of(options)) {
  if (folder.empty()) throw invalid_argument("the folder of the embedded store has no name");
  transport_ = std::make_shared<InProcess>(folder, options);
}

ApiClient Cloudflare::client(ClientOptions options) const {
  options.account_id = account_id_;
  options.transport = transport_;
  options.base_url = "http://127.0.0.1/client/v4";
  options.rate_budget = options.rate_budget.value_or(false);
  return ApiClient(credential_, std::move(options));
}

std::shared_ptr<Transport> Cloudflare::transport() const { return transport_; }

const std::string& Cloudflare::account_id() const noexcept { return account_id_; }

}  // namespace cloudflare::local
