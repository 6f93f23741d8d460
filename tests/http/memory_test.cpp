// What a value of 25 MiB costs in memory, measured in a process of its own.

#include <atomic>
#include <iostream>

#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace http_test;

namespace {

constexpr std::size_t size = 25 << 20;
constexpr double mebibyte = 1 << 20;

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13);
  return text;
}

/// By how many bytes the probe grew while it moved the value in this mode.
double growth(const std::string& mode, Framing framing) {
  const std::string value = pattern(size), small = pattern(1000);
  const support::TemporaryFolder folder;
  support::write_file(folder.file("value"), value);
  support::write_file(folder.file("small"), small);
  FaultServer server;
  std::atomic<std::size_t> wrong{0};
  server.on_request([&](const Recorded& r) {
    const std::string& expected = r.target.ends_with("/small") ? small : value;
    if (r.method == "PUT") {
      wrong += r.body != expected;
      return success("null");
    }
    Answer answer = reply(200, expected, "application/octet-stream");
    answer.framing = framing;
    answer.chunk_size = 16'000;
    return answer;
  });
  const std::string output = support::run({CLOUDFLARE_MEMORY_PROBE, mode, server.url(), folder.file("")});
  CHECK(server.requests().size() == 2);
  CHECK(wrong == 0);
  if (mode == "get-file") CHECK(support::read_file(folder.file("copy")) == value);
  const double bytes = std::stod(output);
  std::cout << "memory: " << mode << (framing == Framing::chunked ? " without" : " with")
            << " Content-Length: " << bytes / mebibyte << " MiB\n";
  return bytes;
}

}  // namespace

TEST_CASE("a put or get of 25 MiB needs at most 2.2 times its size, with the original kept in memory") {
  CHECK(growth("put", Framing::length) <= 2.2 * size);
  CHECK(growth("get", Framing::length) <= 2.2 * size);
  CHECK(growth("get", Framing::chunked) <= 2.2 * size);
}

TEST_CASE("25 MiB from file to server and from server to file need at most 1 MiB") {
  CHECK(growth("put-file", Framing::length) <= mebibyte);
  CHECK(growth("get-file", Framing::length) <= mebibyte);
  CHECK(growth("get-file", Framing::chunked) <= mebibyte);
}
