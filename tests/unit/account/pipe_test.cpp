// A token file that is a pipe.

#include <sys/stat.h>

#include "../engine/core_support.hpp"
#include "support/system.hpp"

using namespace core_tests;

TEST_CASE("a token file that is a pipe is refused without waiting for its writer") {
  const Scripted s;
  const support::TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const cf::ApiClient client(cf::token_file(pipe),
                             {.account_id = "acc", .transport = s.fake, .clock = s.fake->clock()});
  const cf::Error error = error_of([&] { client.kv("ns").erase("k"); });
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(std::string(error.what()).find("is not a regular file") != std::string::npos);
  CHECK(s.count() == 0);
}
