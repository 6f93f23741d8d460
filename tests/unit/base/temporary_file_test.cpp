// Temporary and large files.

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <cloudflare/http/body.hpp>

#include "base/temporary_file.hpp"
#include "support/catch.hpp"
#include "support/system.hpp"

namespace cf = cloudflare;

namespace {

std::string read_all(cf::detail::TemporaryFile& file) {
  std::string all;
  std::array<char, 1000> piece{};
  while (const std::size_t n = file.read(piece)) all.append(piece.data(), n);
  return all;
}

}  // namespace

TEST_CASE("a temporary file gives what was appended, as often as it is rewound") {
  cf::detail::TemporaryFile file;
  const std::string piece = std::string("zero \0 and ", 11) + std::string(2'990, 'x');
  for (int i = 0; i < 5; ++i) file.append(piece);
  CHECK(file.size() == 5 * piece.size());
  for (int i = 0; i < 2; ++i) {
    CHECK(file.rewind());
    CHECK(read_all(file) == piece + piece + piece + piece + piece);
  }
}

TEST_CASE("a file of 5 GiB is a body of 5 GiB") {
  const std::filesystem::path path = support::unused_path();
  std::ofstream(path).put('x');
  std::filesystem::resize_file(path, 5ULL << 30U);  // takes no room on the disk
  CHECK(cf::Body::file(path.string()).size() == 5ULL << 30U);
  std::filesystem::remove(path);
}
