#pragma once

// A process that dies inside a call of the embedded store.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <span>
#include <string>

#include <cloudflare/http/transport.hpp>

#include "support/catch.hpp"

namespace cloudflare_tests {

/// Runs `work(word, body)` in a process of its own, which is killed while it reads the body, which never ends. Returns
/// the word as it was when the body was first read; `work` may set it.
template <class Work>
std::string killed_in_body(Work work) {
  int told[2];
  REQUIRE(pipe(told) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::string word = "x";
    bool said = false;
    work(word, cloudflare::Body::callback([&](std::span<char> to) -> std::size_t {
           if (!said && write(told[1], word.data(), word.size()) < 0) _exit(1);
           said = true;
           to[0] = ' ';
           pause();
           return 1;
         }));
    _exit(0);
  }
  std::string word(200, '\0');
  const ssize_t n = read(told[0], word.data(), word.size());
  REQUIRE(n > 0);
  word.resize(static_cast<std::size_t>(n));
  REQUIRE(kill(child, SIGKILL) == 0);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  close(told[0]);
  close(told[1]);
  return word;
}

}  // namespace cloudflare_tests
