#pragma once

// Workers AI: the text embedding models of the client's table, answered by the HashEmbedder.

#include "local/account.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

Reply workers_ai_run(Account& account, Request& request);

}  // namespace cloudflare::local
