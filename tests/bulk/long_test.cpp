// A million pairs on the embedded store in a folder.

#include <unistd.h>
#include <cloudflare/local.hpp>

#include <filesystem>
#include <iostream>

#include "bulk/bulk_support.hpp"

using namespace bulk_tests;

namespace {

constexpr std::uint64_t million = 1'000'000;

/// A folder of its own, gone with the object.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_((std::filesystem::temp_directory_path() /
               ("cloudflare-cpp-bulk-" + name + "-" + std::to_string(::getpid())))
                  .string()) {}
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("a million pairs are written, read, compared and erased in 100, 10 000 and 100 requests") {
  const auto start = std::chrono::steady_clock::now();
  const Folder folder("million");
  const cf::local::Cloudflare cloud(folder.path());
  const auto client = cloud.client();
  const auto kv = client.kv(client.kv_namespaces().create("million").id);

  const auto put = kv.put_many(pairs(million));
  CHECK(put.complete());
  CHECK(put.succeeded == million);
  CHECK(put.requests == 100);

  std::uint64_t same = 0;
  const auto got = kv.get_many(
      keys(million), {.on_value = [&](std::uint64_t index, std::string_view, std::optional<cf::kv::Value>&& value) {
        same += value && value->value == value_of(index) ? 1 : 0;
      }});
  CHECK(got.outcome.requests == 10'000);
  CHECK(same == million);

  const auto erased = kv.erase_many(keys(million));
  CHECK(erased.complete());
  CHECK(erased.requests == 100);
  CHECK(kv.list_page().keys.empty());
  std::cout << "a million pairs there, back and gone: " << seconds_since(start) << " s\n";
}
