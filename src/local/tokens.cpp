#include "local/tokens.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace cloudflare::local {

namespace {

// One word of visible ASCII.
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool accepts_any(const Account& account) { return account.options.token.empty() && account.options.api_key.empty(); }

ApiError invalid_token() { return {.status = 401, .code = 1000, .message = "Invalid API Token"}; }

// Cloudflare's code and message depend on the route.
ApiError unknown_credential(const Request& request) {
  if (request.path().ends_with("/tokens/verify")) return invalid_token();
  return {.status = 401, .code = 10000, .message = "Authentication error"};
}

Reply active(const Request& request) {
  // These routes verify API tokens only.
  if (request.header("authorization").empty()) throw invalid_token();
  return ok(R"({"id":"00000000000000000000000000000000","status":"active"})",
            {.messages = R"([{"code":10000,"message":"This API Token is valid and active","type":null}])"});
}

}  // namespace

bool same_secret(std::string_view given, const std::string& accepted) {
  return !accepted.empty() && given.size() == accepted.size() &&
         CRYPTO_memcmp(given.data(), accepted.data(), accepted.size()) == 0;
}

void authenticate(const Account& account, const Request& request) {
  const std::string_view authorization = request.header("authorization");
  const std::string_view email = request.header("x-auth-email");
  const std::string_view key = request.header("x-auth-key");
  if (authorization.empty()) {
    if (email.empty() || key.empty())
      throw ApiError{.code = 9106, .message = "Missing X-Auth-Key, X-Auth-Email or Authorization headers"};
    if (!is_word(email) || !is_word(key)) throw ApiError{.code = 6003, .message = "Invalid request headers"};
    if (!accepts_any(account) &&
        !(same_secret(email, account.options.email) && same_secret(key, account.options.api_key)))
      throw unknown_credential(request);
    return;
  }
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization.starts_with(scheme) || !is_word(authorization.substr(scheme.size())) || !email.empty() ||
      !key.empty())
    throw ApiError{.status = 400,
                   .code = 6003,
                   .message = "Invalid request headers",
                   .more = R"("error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}])"};
  if (!accepts_any(account) && !same_secret(authorization.substr(scheme.size()), account.options.token))
    throw unknown_credential(request);
}

Reply verify_user_token(Account&, Request& request) { return active(request); }

Reply verify_account_token(Account&, Request& request) { return active(request); }

}  // namespace cloudflare::local
