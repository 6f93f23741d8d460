// A temporary file on a disk that is full.

#include <sys/resource.h>

#include <csignal>
#include <string>

#include <cloudflare/error.hpp>

#include "base/temporary_file.hpp"
#include "support/catch.hpp"

namespace cf = cloudflare;

namespace {

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

TEST_CASE("a temporary file on a full disk is an error, also if only the last bytes find no room") {
  cf::detail::TemporaryFile large;
  cf::detail::TemporaryFile small;
  const FullDisk full(100);
  CHECK(kind_of([&] { large.append(std::string(100'000, 'x')); }) == cf::ErrorKind::callback);
  small.append(std::string(200, 'x'));  // stays in the buffer
  CHECK(kind_of([&] { small.rewind(); }) == cf::ErrorKind::callback);
}
