// Vectorize of the embedded store in a folder: what a killed process leaves.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "local_vectorize_support.hpp"

using namespace cloudflare_tests;

TEST_CASE(
    "embedded vectorize: what was acknowledged survives a process that is killed while it receives the next upload") {
  const TemporaryFolder folder;
  int acknowledged[2];
  REQUIRE(pipe(acknowledged) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    LocalApi api({.folder = folder.path()});
    LocalVectorize index(api);
    (void)index.upsert({vector_of("a", {1, 0}), vector_of("b", {0, 1})});
    (void)index.erase({"b"});
    // The body never ends: the process dies inside the call.
    bool told = false;
    const auto endless = [&](std::span<char> to) -> std::size_t {
      if (!told && write(acknowledged[1], "x", 1) != 1) _exit(1);
      told = true;
      to[0] = ' ';
      pause();
      return 1;
    };
    (void)api.call("POST", "/accounts/local" + index.path + "/upsert", cloudflare::Body::callback(endless),
                   {{"authorization", "Bearer token"}, {"content-type", "application/x-ndjson"}});
    _exit(0);
  }
  char told = 0;
  REQUIRE(read(acknowledged[0], &told, 1) == 1);
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  close(acknowledged[0]);
  close(acknowledged[1]);

  LocalApi api({.folder = folder.path()});
  api.clock->advance(std::chrono::seconds(10));
  const std::string path = LocalVectorize::indexes + "/test";
  CHECK(api.account("GET", path + "/info").result().at("vectorCount") == 1);
  const Answer found = LocalVectorize::json_to(api, path + "/query", {{"vector", {0, 1}}});
  CHECK(LocalVectorize::ids_of(found.result().at("matches")) == "a");
}
