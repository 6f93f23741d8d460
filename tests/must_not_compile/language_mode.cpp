// expects: cloudflare-cpp needs C++20: compile with -std=c++20
// mode: c++17
#include <cloudflare/cloudflare.hpp>
