/// `CLOUDFLARE_API` marks what the compiled libraries export; everything else is built hidden.
///
/// On ELF and Mach-O the same attribute serves definition and use, static and shared libraries alike, so it needs no
/// generated header and no macro in the user's build. On Windows the libraries are static.
#pragma once

#include <cloudflare/detail/language.hpp>

#if defined(_WIN32)
#define CLOUDFLARE_API
#else
#define CLOUDFLARE_API __attribute__((visibility("default")))
#endif
