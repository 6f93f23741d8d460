// What the operating system does with names, on every system the same.

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>

#include "base/files.hpp"
#include "base/fresh_file.hpp"
#include "support/catch.hpp"

namespace {

namespace files = cloudflare::detail::files;
namespace fs = std::filesystem;

/// A folder whose name is not in the code page of any system.
class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              files::path_of("cloudflare-\xC3\xA4\xE6\xBC\xA2\xF0\x9F\x98\x80-" +
                             std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()))) {
    fs::create_directory(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return files::utf8_of(path_) + '/' + name; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("names are UTF-8 for our own functions and for the standard library alike") {
  const Folder folder;
  const std::string path = folder.file("\xC3\xA9\xF0\x9F\x98\x80.txt");
  cloudflare::detail::FreshFile fresh;
  REQUIRE(fresh.create(path, 0600));
  CHECK(fresh.write("one\r\ntwo"));
  REQUIRE(fresh.commit());
  CHECK(files::read_all(path) == "one\r\ntwo");
  CHECK(fs::file_size(files::path_of(path)) == 8);
  CHECK(files::utf8_of(files::path_of(path).filename()) == "\xC3\xA9\xF0\x9F\x98\x80.txt");
  files::remove(path);
  CHECK_FALSE(files::status_of(path));
  CHECK(errno == ENOENT);
}

TEST_CASE("a file is replaced in one step, and what cannot be read is no text") {
  const Folder folder;
  const std::string path = folder.file("x");
  for (const char* text : {"first", "second"}) {
    cloudflare::detail::FreshFile fresh;
    REQUIRE(fresh.create(path, 0600));
    CHECK(fresh.write(text));
    REQUIRE(fresh.commit());
    CHECK(files::read_all(path) == text);
  }
  CHECK_FALSE(files::read_all(folder.file("none")));
  CHECK(errno == ENOENT);
  CHECK_FALSE(files::read_all(folder.file("")));
  CHECK(files::create(path, 0600) == -1);
  CHECK(errno == EEXIST);
}
