// expects: a credential is never printed
#include <iostream>

#include <cloudflare/cloudflare.hpp>

void greet(const cloudflare::ApiToken& token) { std::cout << "token " << token << '\n'; }
