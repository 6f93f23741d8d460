/// Catch2, version 3 or 2.13 (Debian 12).
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

namespace Catch::Matchers {
/// The name of version 3, where Contains() is about ranges.
inline StdString::ContainsMatcher ContainsSubstring(const std::string& text) { return Contains(text); }
}  // namespace Catch::Matchers
#endif

namespace cloudflare_tests {
/// Reports the running test case as skipped on stderr and in the counts.
void note_skip(const char* reason);
}  // namespace cloudflare_tests

/// Leaves the test case and counts it as skipped, never as passed. Catch2 2.13 has no SKIP.
#define SKIP_LOUDLY(reason)                \
  do {                                     \
    cloudflare_tests::note_skip((reason)); \
    return;                                \
  } while (false)
