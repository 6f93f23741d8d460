#include <cloudflare/client.hpp>

#include "account/token_files.hpp"
#include "base/files.hpp"
#include "engine/client_core.hpp"

namespace cloudflare {

namespace {

// A variable that is set but empty counts as absent, as in most shell scripts.
using detail::files::variable;

// The provider of a file that can be read now.
TokenProvider provider_of(std::string path) {
  auto read = detail::token_reader(std::move(path));
  try {
    (void)read();
  } catch (const Error& error) {
    throw invalid_argument("CLOUDFLARE_API_TOKEN_FILE: " + error.details().text);
  }
  return TokenProvider(std::move(read));
}

Credential credential_from_environment() {
  std::string token = variable("CLOUDFLARE_API_TOKEN");
  std::string file = variable("CLOUDFLARE_API_TOKEN_FILE");
  std::string email = variable("CLOUDFLARE_EMAIL");
  std::string key = variable("CLOUDFLARE_API_KEY");
  if (!token.empty() && !file.empty())
    throw invalid_argument("CLOUDFLARE_API_TOKEN conflicts with CLOUDFLARE_API_TOKEN_FILE; unset one of them");
  if (!file.empty() && (!email.empty() || !key.empty()))
    throw invalid_argument(
        "CLOUDFLARE_API_TOKEN_FILE conflicts with CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY; unset one of them");
  if (!token.empty() && (!email.empty() || !key.empty()))
    throw invalid_argument(
        "CLOUDFLARE_API_TOKEN conflicts with CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY; unset one of them");
  if (!token.empty()) return ApiToken(std::move(token));
  if (!file.empty()) return provider_of(std::move(file));
  if (email.empty() && key.empty())
    throw invalid_argument(
        "no credential: set CLOUDFLARE_API_TOKEN, CLOUDFLARE_API_TOKEN_FILE, or CLOUDFLARE_EMAIL with "
        "CLOUDFLARE_API_KEY");
  if (email.empty()) throw invalid_argument("CLOUDFLARE_API_KEY is set but CLOUDFLARE_EMAIL is not");
  if (key.empty()) throw invalid_argument("CLOUDFLARE_EMAIL is set but CLOUDFLARE_API_KEY is not");
  return EmailKey(std::move(email), std::move(key));
}

detail::AnyCredential any(Credential&& credential) {
  return std::visit([](auto&& one) -> detail::AnyCredential { return std::forward<decltype(one)>(one); },
                    std::move(credential));
}

}  // namespace

template class ClientVerbs<Throwing>;
template class ClientVerbs<Checked>;

ApiClient::ApiClient(Credential credential, ClientOptions options)
    : ClientVerbs(detail::open_client(any(std::move(credential)), std::move(options))) {}

ApiClient::ApiClient(detail::Context context) : ClientVerbs(std::move(context)) {}

ApiClient ApiClient::from_env(ClientOptions options) {
  if (options.account_id.empty()) options.account_id = variable("CLOUDFLARE_ACCOUNT_ID");
  if (std::string url = variable("CLOUDFLARE_BASE_URL");
      !url.empty() && options.base_url == ClientOptions::cloudflare_url)
    options.base_url = std::move(url);
  if (options.account_id.empty()) throw invalid_argument("CLOUDFLARE_ACCOUNT_ID is not set");
  return ApiClient(credential_from_environment(), std::move(options));
}

RawRange ApiClient::list(std::string_view path, const RawListOptions& options) const {
  return RawRange(pages(path, options));
}

CheckedApiClient ApiClient::checked() const { return CheckedApiClient(context_); }
ApiClient ApiClient::with(const CallOptions& options) const {
  return ApiClient(detail::with_options(context_, options));
}

}  // namespace cloudflare
