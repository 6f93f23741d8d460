#pragma once

// Credentials. They have no accessor and no output operator: only the loop can send them.

#include <functional>
#include <string>
#include <utility>
#include <variant>

namespace cloudflare {

namespace detail {
struct CredentialAccess;
}

/// An API token, sent as `Authorization: Bearer …`.
class ApiToken {
 public:
  explicit ApiToken(std::string token) : token_(std::move(token)) {}

 private:
  friend detail::CredentialAccess;
  std::string token_;
};

/// The legacy pair of e-mail address and global API key.
class EmailKey {
 public:
  EmailKey(std::string email, std::string key) : email_(std::move(email)), key_(std::move(key)) {}

 private:
  friend detail::CredentialAccess;
  std::string email_;
  std::string key_;
};

/// A function asked for the API token before every attempt, for tokens that rotate. Must be thread-safe.
class TokenProvider {
 public:
  explicit TokenProvider(std::function<std::string()> provide) : provide_(std::move(provide)) {}

 private:
  friend detail::CredentialAccess;
  std::function<std::string()> provide_;
};

namespace edgebase {

/// A service key of EdgeBase, sent as `X-EdgeBase-Service-Key` and nowhere else.
class ServiceKey {
 public:
  explicit ServiceKey(std::string key) : key_(std::move(key)) {}

 private:
  friend cloudflare::detail::CredentialAccess;
  std::string key_;
};

}  // namespace edgebase

using Credential = std::variant<ApiToken, EmailKey, TokenProvider>;

}  // namespace cloudflare
