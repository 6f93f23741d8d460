// Exports that resume in a file that cannot be truncated, is a different file, or has not reached the disk.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cloudflare/files/kv.hpp>
#include <cloudflare/local.hpp>
#include <filesystem>

#include "support/system.hpp"
#include "unit/engine/core_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using cf::kv::export_to;

namespace {

/// A namespace of 2500 pairs: three pages.
struct Namespace {
  cf::local::Cloudflare cloud{};
  cf::KvNamespace kv;

  Namespace() : kv(cloud.client().kv(cloud.client().kv_namespaces().create("s").id)) {
    std::vector<cf::kv::Entry> entries;
    for (int i = 10'000; i < 12'500; ++i) entries.push_back({.key = std::to_string(i), .value = "v"});
    REQUIRE(kv.put_many(entries).complete());
  }
  /// Exports the first page.
  void begin(const std::string& path, const std::string& state = std::string()) const {
    std::stop_source stop;
    const auto done = export_to(
        kv, path,
        {.state_file = state, .stop = stop.get_token(), .on_progress = [&](const auto&) { stop.request_stop(); }});
    REQUIRE((!done.finished && done.keys == 1'000));
  }
};

}  // namespace

TEST_CASE("an export whose file cannot be cut to its last whole page ends with an error, and the file stays") {
  const support::TemporaryFolder folder;
  const Namespace space;
  const int memory = ::memfd_create("export", MFD_ALLOW_SEALING);
  REQUIRE(memory >= 0);
  const std::string path = "/proc/self/fd/" + std::to_string(memory);
  space.begin(path, folder.file("state"));
  const std::string page = support::read_file(path);
  REQUIRE(::pwrite(memory, "half a li", 9, static_cast<off_t>(page.size())) == 9);
  REQUIRE(::fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) == 0);  // it may grow, and not shrink
  const auto error = error_of([&] { (void)export_to(space.kv, path, {.state_file = folder.file("state")}); });
  CHECK(error.kind() == ErrorKind::callback);
  CHECK(std::string(error.what()).find("cannot be cut") != std::string::npos);
  CHECK(support::read_file(path) == page + "half a li");
  ::close(memory);
}

TEST_CASE("an export does not go on in a file that is not the one its state is about") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.ndjson");
  const Namespace space;
  (void)export_to(space.kv, folder.file("whole"));
  const std::string whole = support::read_file(folder.file("whole"));
  space.begin(path);
  const std::string page = support::read_file(path);
  auto said = [&](const std::string& text) {
    support::write_file(path, text);
    const auto error = error_of([&] { (void)export_to(space.kv, path); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(support::read_file(path) == text);  // untouched
    return std::string(error.what());
  };
  CHECK(said(std::string(page.size() + 1'000, 'x')).find("is not the one that its state file is about") !=
        std::string::npos);
  CHECK(said(page.substr(1)).find("is shorter than its state file says") != std::string::npos);
  support::write_file(path, page + "half a li");
  CHECK(export_to(space.kv, path).finished);
  CHECK(support::read_file(path) == whole);
}

TEST_CASE("an export goes on with a state of an earlier version") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.ndjson");
  const Namespace space;
  (void)export_to(space.kv, folder.file("whole"));
  const std::string whole = support::read_file(folder.file("whole"));
  space.begin(path);
  nlohmann::json state = nlohmann::json::parse(support::read_file(path + ".state"));
  REQUIRE(state.erase("digest") == 1);
  support::write_file(path + ".state", state.dump());
  CHECK(export_to(space.kv, path).finished);
  CHECK(support::read_file(path) == whole);
}

TEST_CASE("a folder and a full disk are errors of the export") {
  const support::TemporaryFolder folder;
  const Namespace space;
  const std::string state = folder.file("state");
  CHECK(error_of([&] { (void)export_to(space.kv, folder.file(""), {.state_file = state}); }).kind() ==
        ErrorKind::invalid_argument);
  if (std::filesystem::is_character_file("/dev/full")) {
    const auto error = error_of([&] { (void)export_to(space.kv, "/dev/full", {.state_file = state}); });
    CHECK(error.kind() == ErrorKind::callback);
    CHECK(std::string(error.what()).find("No space left") != std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(state));
}
