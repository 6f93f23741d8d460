#pragma once

// Who may call, and the two routes that verify a token.

#include "local/routes.hpp"

namespace cloudflare::local {

/// In constant time, but for the length. What is not set equals nothing.
[[nodiscard]] bool same_secret(std::string_view given, const std::string& accepted);

/// Takes one credential of those the account accepts.
/// @throws ApiError  none (9106), malformed or more than one (6003), not accepted (10000)
void authenticate(const Account& account, const Request& request);

Reply verify_user_token(Account& account, Request& request);
Reply verify_account_token(Account& account, Request& request);

}  // namespace cloudflare::local
