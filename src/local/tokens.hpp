#pragma once

// Who may call, and the two routes that verify a token.

#include "local/routes.hpp"

namespace cloudflare::local {

/// Compares in constant time, except for the length. An empty `accepted` equals nothing.
[[nodiscard]] bool same_secret(std::string_view given, const std::string& accepted);

/// Checks that the request has exactly one credential and that the account accepts it.
/// @throws ApiError  no credential (9106), malformed or more than one (6003), not accepted (10000)
void authenticate(const Account& account, const Request& request);

Reply verify_user_token(Account& account, Request& request);
Reply verify_account_token(Account& account, Request& request);

}  // namespace cloudflare::local
