#pragma once

// Who may call, and the two routes that verify a token.

#include "routes.hpp"

namespace cloudflare::local {

/// Accepts any one credential. @throws ApiError  none (9106), malformed or more than one (6003)
void authenticate(const Request& request);

Reply verify_user_token(Account& account, Request& request);
Reply verify_account_token(Account& account, Request& request);

}  // namespace cloudflare::local
