// The embedded store on a drive that is not there.
#include <cloudflare/error.hpp>

#include "local_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded store: a folder on a drive or a server that is not there is a named error") {
  for (const char* folder : {"Q:\\store\\inside", "Q:/", "//no-such-server.invalid/share/store"}) {
    INFO(folder);
    try {
      const LocalApi api({.folder = folder});
      FAIL_CHECK("it was opened");
    } catch (const cloudflare::Error& error) {
      CHECK(error.kind() == cloudflare::ErrorKind::invalid_argument);
      CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("cannot be made"));
    }
  }
}
