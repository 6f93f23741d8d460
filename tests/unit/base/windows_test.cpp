// What only Windows has: drives, backslashes, files that are held open.

#include <cloudflare/error.hpp>
#include <cloudflare/http/body.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/files.hpp"
#include "base/fresh_file.hpp"
#include "support/catch.hpp"
#include "support/system.hpp"

namespace {

namespace files = cloudflare::detail::files;
namespace fs = std::filesystem;

}  // namespace

TEST_CASE("the last name of a path begins after a slash, a backslash or a drive") {
  CHECK(files::name_in("C:\\a/b\\name") == 7);
  CHECK(files::name_in("C:\\a\\b/name") == 7);
  CHECK(files::name_in("C:name") == 2);
  CHECK(files::name_in("name") == 0);
}

TEST_CASE("an unfinished file is in the folder of the finished one, also if the path has backslashes alone") {
  const support::TemporaryFolder outer;
  const fs::path folder = fs::path(outer.file(std::string(235 - outer.path().size(), 'x'))).make_preferred();
  fs::create_directory(folder);
  cloudflare::detail::FreshFile fresh;
  REQUIRE(fresh.create((folder / "n").string(), 0600));
  CHECK_FALSE(fs::is_empty(folder));
  REQUIRE(fresh.commit());
  CHECK(fs::exists(folder / "n"));
}

TEST_CASE("two files of the same time and size have different numbers, and a time is finer than a second") {
  const support::TemporaryFolder folder;
  for (const char* name : {"one", "two"}) {
    std::ofstream(folder.file(name)) << name;
    support::set_written(folder.file(name), 1'000'000);
  }
  const auto one = files::status_of(folder.file("one"));
  const auto two = files::status_of(folder.file("two"));
  REQUIRE((one && two));
  CHECK(one->regular);
  CHECK(one->bytes == 3);
  CHECK(one->seconds == 1'000'000);
  CHECK(one->seconds == two->seconds);
  CHECK(one->device == two->device);
  CHECK(one->number != two->number);
  CHECK(one == files::status_of(folder.file("one")));
  std::ofstream(folder.file("three")) << "now";
  CHECK(files::status_of(folder.file("three"))->nanoseconds != 0);
}

TEST_CASE("a device is no regular file, and a folder is one that can be looked at") {
  const auto device = files::status_of(std::string("NUL"));
  CHECK((device && !device->regular && !device->folder));
  const support::TemporaryFolder folder;
  const auto now = files::status_of(folder.path());
  CHECK((now && now->folder && !now->regular));
}

TEST_CASE("a drive or a server that is not there is a file that is not there") {
  for (const char* path : {"Q:\\x", "Q:", "//no-such-server.invalid/share/x", "a<b>|?"}) {
    INFO(path);
    CHECK_FALSE(files::status_of(std::string(path)));
    CHECK(errno == ENOENT);
  }
}

TEST_CASE("a variable of the environment is UTF-8") {
  ::_wputenv_s(L"CLOUDFLARE_TEST_NAME", L"\u00E4\u6F22");
  CHECK(files::variable("CLOUDFLARE_TEST_NAME") == "\xC3\xA4\xE6\xBC\xA2");
  ::_wputenv_s(L"CLOUDFLARE_TEST_NAME", L"");
  CHECK(files::variable("CLOUDFLARE_TEST_NAME").empty());
}
