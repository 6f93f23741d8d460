#include <cloudflare/version.hpp>
#include <iostream>

int main() { std::cout << "cloudflare-cpp " << CLOUDFLARE_VERSION_MAJOR << '.' << CLOUDFLARE_VERSION_MINOR << '\n'; }
