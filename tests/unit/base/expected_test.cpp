// With C++23: Result<T> to std::expected<T, Error> and back. Compiled as C++23 where the standard library has it.

#include <cloudflare/result.hpp>

#include <expected>
#include <memory>
#include <string>

#include "support/catch.hpp"

namespace cf = cloudflare;
template <class T>
using Expected = std::expected<T, cf::Error>;

TEST_CASE("with C++23 a Result converts to std::expected and back, value and error, copied and moved") {
  const cf::Result<std::string> good("text");
  const cf::Result<std::string> bad = cf::invalid_argument("no");
  Expected<std::string> standard = good;
  CHECK(standard.value() == "text");
  CHECK(good.value() == "text");
  standard = bad;
  CHECK(standard.error().kind() == cf::ErrorKind::invalid_argument);
  const cf::Result<std::string> back = standard;
  CHECK(back.error().kind() == cf::ErrorKind::invalid_argument);
  CHECK(cf::Result<std::string>(Expected<std::string>("again")).value() == "again");

  Expected<std::unique_ptr<int>> moved = cf::Result<std::unique_ptr<int>>(std::make_unique<int>(7));
  CHECK(**moved == 7);
  CHECK(*cf::Result<std::unique_ptr<int>>(std::move(moved)).value() == 7);
}

TEST_CASE("with C++23 a Result<void> converts, too, and false stays false") {
  const Expected<void> done = cf::Result<void>();
  CHECK(done.has_value());
  CHECK_FALSE(cf::Result<void>(Expected<void>(std::unexpected(cf::invalid_argument("no")))).has_value());
  const cf::Result<bool> no = Expected<bool>(false);
  CHECK_FALSE(no.value());
  const Expected<bool> standard = no;
  CHECK_FALSE(standard.value());
}
