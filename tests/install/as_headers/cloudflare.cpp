// The compiled part of the library.
#include <cloudflare/src.hpp>

#include <cloudflare/local_src.hpp>
