// Temporary files, also on a disk that is full.

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <cloudflare/error.hpp>
#include <cloudflare/http/body.hpp>

#include "base/temporary_file.hpp"
#include "support/catch.hpp"

namespace cf = cloudflare;

namespace {

std::string read_all(cf::detail::TemporaryFile& file) {
  std::string all;
  std::array<char, 1000> piece{};
  while (const std::size_t n = file.read(piece)) all.append(piece.data(), n);
  return all;
}

// While it lives no file of this process can grow beyond `bytes`, as on a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

template <class Call>
cf::ErrorKind kind_of(Call call) {
  try {
    call();
  } catch (const cf::Error& error) {
    return error.kind();
  }
  return cf::ErrorKind::stub;
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

TEST_CASE("a temporary file on a full disk is an error, also if only the last bytes find no room") {
  cf::detail::TemporaryFile large;
  cf::detail::TemporaryFile small;
  const FullDisk full(100);
  CHECK(kind_of([&] { large.append(std::string(100'000, 'x')); }) == cf::ErrorKind::callback);
  small.append(std::string(200, 'x'));  // stays in the buffer
  CHECK(kind_of([&] { small.rewind(); }) == cf::ErrorKind::callback);
}

TEST_CASE("a file of 5 GiB is a body of 5 GiB") {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("cloudflare-large-" + std::to_string(::getpid()));
  std::ofstream(path).put('x');
  std::filesystem::resize_file(path, 5ULL << 30U);  // takes no room on the disk
  CHECK(cf::Body::file(path.string()).size() == 5ULL << 30U);
  std::filesystem::remove(path);
}
