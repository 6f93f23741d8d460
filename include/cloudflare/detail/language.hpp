#pragma once

// Says what is wrong in one line if the compiler's language mode is too old. It comes before all else, because what
// follows would fail in hundreds of lines.

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "cloudflare-cpp needs C++20: compile with -std=c++20, or in CMake with the feature cxx_std_20"
#endif
