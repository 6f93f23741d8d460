#pragma once

// std::stop_token, or a message that says what to do where the standard library hides it.

#include <cloudflare/detail/language.hpp>

#include <stop_token>

// libc++ 20 and later have it. 18 and 19, and so Apple's and Android's compilers of that age, need the flag, for the
// library and for the program alike. docs/decisions/stop-token.md says why there is no substitute.
#ifndef __cpp_lib_jthread
#error "cloudflare-cpp needs std::stop_token: compile with -fexperimental-library, or with libc++ 20 or later"
#endif
