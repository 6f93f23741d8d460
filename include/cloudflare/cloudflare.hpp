#pragma once

// Everything but the asynchronous helpers, the embedded store and the test aids.

#include <cloudflare/client.hpp>
#include <cloudflare/d1.hpp>
#include <cloudflare/http/transport.hpp>
#include <cloudflare/kv.hpp>
#include <cloudflare/vectorize.hpp>
#include <cloudflare/version.hpp>
