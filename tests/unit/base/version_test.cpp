#include <cloudflare/version.hpp>

#include "support/catch.hpp"

TEST_CASE("the version is three numbers the preprocessor can compare") {
#if CLOUDFLARE_VERSION_MAJOR >= 0 && CLOUDFLARE_VERSION_MINOR >= 0 && CLOUDFLARE_VERSION_PATCH >= 0
  SUCCEED();
#else
  FAIL();
#endif
}
