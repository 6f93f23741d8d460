#pragma once

// Who may call, and the two routes that verify a token.

#include "routes.hpp"

namespace cloudflare::local {

/// Takes one credential of those the account accepts.
/// @throws ApiError  none (9106), malformed or more than one (6003), not accepted (10000)
void authenticate(const Account& account, const Request& request);

Reply verify_user_token(Account& account, Request& request);
Reply verify_account_token(Account& account, Request& request);

}  // namespace cloudflare::local
