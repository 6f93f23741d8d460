#include <cloudflare/version.hpp>
