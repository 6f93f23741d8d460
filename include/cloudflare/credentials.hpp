#pragma once

// Credentials. They have no accessor and no output operator: only the loop can send them.

#include <functional>
#include <iosfwd>
#include <string>
#include <utility>
#include <variant>

#include <cloudflare/detail/export.hpp>

namespace cloudflare {

namespace detail {
struct CredentialAccess;
}

/// An API token, sent as `Authorization: Bearer …`.
class ApiToken {
 public:
  explicit ApiToken(std::string token) : token_(std::move(token)) {}

  friend std::ostream& operator<<(std::ostream&, const ApiToken&) = delete;  // a credential is never printed

 private:
  friend detail::CredentialAccess;
  std::string token_;
};

/// The legacy pair of e-mail address and global API key.
class EmailKey {
 public:
  EmailKey(std::string email, std::string key) : email_(std::move(email)), key_(std::move(key)) {}

  friend std::ostream& operator<<(std::ostream&, const EmailKey&) = delete;  // a credential is never printed

 private:
  friend detail::CredentialAccess;
  std::string email_;
  std::string key_;
};

/// A function asked for the API token before every attempt, for tokens that rotate. Must be thread-safe. After 401 or
/// 403 it is asked again; if it then gives another token, the request is repeated once with that.
class TokenProvider {
 public:
  explicit TokenProvider(std::function<std::string()> provide) : provide_(std::move(provide)) {}

 private:
  friend detail::CredentialAccess;
  std::function<std::string()> provide_;
};

/// A provider of the API token in a file (UTF-8 path), which is read again when it has changed: by its modification
/// time, size or inode. Blanks and line ends around the token are ignored.
///
/// Write a new token to another file and rename it: a file that is written in place may be read half written. A file
/// that cannot be read, is not a regular file, is empty or has more than 4 KiB is an Error (invalid_argument) of the
/// call, which names the path.
[[nodiscard]] CLOUDFLARE_API TokenProvider token_file(std::string path);

namespace edgebase {

/// A service key of EdgeBase, sent as `X-EdgeBase-Service-Key` and nowhere else.
class ServiceKey {
 public:
  explicit ServiceKey(std::string key) : key_(std::move(key)) {}

  friend std::ostream& operator<<(std::ostream&, const ServiceKey&) = delete;  // a credential is never printed

 private:
  friend cloudflare::detail::CredentialAccess;
  std::string key_;
};

}  // namespace edgebase

/// How a client authenticates itself.
using Credential = std::variant<ApiToken, EmailKey, TokenProvider>;

}  // namespace cloudflare
