// What writes files leaves others' files alone, and says so when the disk does not do what it should.

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cloudflare/async.hpp>
#include <cloudflare/files.hpp>
#include <cloudflare/local.hpp>
#include <filesystem>
#include <sstream>

#include "files/state_file.hpp"
#include "support/process.hpp"
#include "unit/engine/core_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using cf::detail::StateFile;

namespace {

bool disk_refuses_to_cut = false;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

unsigned mode_of(const std::string& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

std::string csv_refusal(const std::string& text, const cf::ReadOptions& options) {
  std::istringstream in(text);
  return error_of([&] {
           for (const auto& entry : cf::kv::read_csv(in, options)) (void)entry;
         })
      .details()
      .text;
}

}  // namespace

// libstdc++ cuts files by this function; the test's own stands before the system's.
extern "C" int truncate(const char* path, off_t size) {
  if (disk_refuses_to_cut) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_truncate, path, size));
}

TEST_CASE("an operation that writes a file touches nothing before it begins") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("value");
  support::write_file(path + ".part", "somebody else's");
  const Scripted s;
  {
    const auto value = s.kv().async().get_to_file("key", path);
    const auto dump = s.client().d1("00000000-0000-4000-8000-000000000000").async().export_to_file(path);
    CHECK(names_in(folder.file("")) == std::vector<std::string>{"value.part"});
  }
  CHECK(support::read_file(path + ".part") == "somebody else's");
  CHECK(names_in(folder.file("")) == std::vector<std::string>{"value.part"});
  CHECK(s.count() == 0);
}

TEST_CASE("a file that cannot be created is the error of the operation, and no request is sent") {
  const support::TemporaryFolder folder;
  const Scripted s;
  for (const std::string& path : {folder.file("no/such/folder"), folder.file("")}) {
    const auto value = s.kv().checked().get_to_file("key", path);
    REQUIRE_FALSE(value);
    CHECK(value.error().kind() == ErrorKind::invalid_argument);
    CHECK(value.error().details().text.find(path) != std::string::npos);
    const auto dump = s.client().d1("00000000-0000-4000-8000-000000000000").checked().export_to_file(path);
    REQUIRE_FALSE(dump);
    CHECK(dump.error().kind() == ErrorKind::invalid_argument);
  }
  CHECK(s.count() == 0);
}

TEST_CASE("a download keeps the mode of the file that it replaces, and leaves nothing beside it") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("value");
  support::write_file(path, "before");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const Scripted s{{.body = "after"}, refused(404, 10009, "key not found")};
  CHECK(s.kv().get_to_file("key", path));
  CHECK_FALSE(s.kv().get_to_file("missing", path));
  CHECK(support::read_file(path) == "after");
  CHECK(mode_of(path) == 0640);
  CHECK(names_in(folder.file("")) == std::vector<std::string>{"value"});
}

TEST_CASE("a state file is its owner's alone and follows no symbolic link") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("state");
  support::write_file(folder.file("victim"), "of value");
  std::filesystem::create_symlink(folder.file("victim"), path + ".new");
  StateFile state(path, "job");
  state.set("number", std::uint64_t{7});
  state.write();
  CHECK(support::read_file(folder.file("victim")) == "of value");
  CHECK(mode_of(path) == 0600);
  CHECK(names_in(folder.file("")) == std::vector<std::string>{"state", "state.new", "victim"});
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  state.write();
  CHECK(mode_of(path) == 0640);
}

TEST_CASE("a state file keeps a job and values that are not UTF-8") {
  const support::TemporaryFolder folder;
  const std::string job = "comparison with the file \xFF.ndjson";
  StateFile written(folder.file("state"), job);
  written.set("last", std::string_view("k\xC3"));
  written.set("looks encoded", std::string_view("base64:AAAA"));
  written.write();
  StateFile read(folder.file("state"), job);
  CHECK(read.read());
  CHECK(read.text("last") == "k\xC3");
  CHECK(read.text("looks encoded") == "base64:AAAA");
}

TEST_CASE("an import goes on in a file only if what it has read has not changed since") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("pairs.ndjson");
  std::string text;
  for (int i = 10'000; i < 20'000; ++i)
    text += R"({"key":"k)" + std::to_string(i) + R"(","value":"v)" + std::to_string(i) + "\"}\n";
  support::write_file(path, text);
  cf::local::Cloudflare cloud;
  const auto kv = cloud.client().kv(cloud.client().kv_namespaces().create("import").id);
  std::stop_source stop;
  const auto begun = cf::kv::import_from(
      kv, path,
      {.stop = stop.get_token(), .items_per_state = 1'000, .on_progress = [&](const auto&) { stop.request_stop(); }});
  REQUIRE_FALSE(begun.finished);
  REQUIRE(std::filesystem::exists(path + ".state"));

  for (const std::size_t at : {std::size_t{20}, text.size() / 20}) {
    INFO("changed at byte " << at);
    std::string changed = text;
    changed[at] = changed[at] == '0' ? '1' : '0';
    support::write_file(path, changed);
    const auto error = error_of([&] { (void)cf::kv::import_from(kv, path); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(error.details().text.find("not the one that its state file is about") != std::string::npos);
  }
  support::write_file(path, text.substr(0, 500));
  CHECK(error_of([&] { (void)cf::kv::import_from(kv, path); }).kind() == ErrorKind::invalid_argument);
  support::write_file(path, text + R"({"key":"added later","value":""})");
  const auto done = cf::kv::import_from(kv, path);
  CHECK((done.complete() && done.already == 1'000));
  CHECK(kv.get("added later"));
}

TEST_CASE("an import leaves out what has expired by the client's clock") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("pairs.ndjson");
  const Scripted s{ok(R"({"successful_key_count":1,"unsuccessful_keys":[]})")};
  const auto now = s.fake->clock()->wall().time_since_epoch().count();  // years from the machine's time
  support::write_file(path, R"({"key":"gone","value":"","expiration":)" + std::to_string(now + 30) +
                                "}\n"
                                R"({"key":"stays","value":"","expiration":)" +
                                std::to_string(now + 3'600) + "}\n");
  const auto done = cf::kv::import_from(s.kv(), path);
  CHECK((done.expired == 1 && done.loaded == 1));
}

TEST_CASE("an export that cannot be cut to its last whole page does not go on") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("kv.ndjson");
  cf::local::Cloudflare cloud;
  const auto kv = cloud.client().kv(cloud.client().kv_namespaces().create("export").id);
  std::vector<cf::kv::Entry> entries;
  for (int i = 0; i < 1'500; ++i) entries.push_back({.key = "k" + std::to_string(i), .value = "v"});
  REQUIRE(kv.put_many(entries).complete());
  std::stop_source stop;
  const auto begun =
      cf::kv::export_to(kv, path, {.stop = stop.get_token(), .on_progress = [&](const auto&) { stop.request_stop(); }});
  REQUIRE_FALSE(begun.finished);

  const std::string before = support::read_file(path);
  disk_refuses_to_cut = true;
  const auto error = error_of([&] { (void)cf::kv::export_to(kv, path); });
  disk_refuses_to_cut = false;
  CHECK(error.details().text.find("cannot be cut") != std::string::npos);
  CHECK(support::read_file(path) == before);
  CHECK(cf::kv::export_to(kv, path).finished);
}

TEST_CASE("JSON of a file that is nested 100 000 deep is an error with its line") {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string wanted = "line 2: \"metadata\" is nested more than 100 deep";
  std::istringstream lines("{\"key\":\"a\",\"value\":\"\"}\n{\"key\":\"b\",\"value\":\"\",\"metadata\":" + deep +
                           "}\n");
  CHECK(error_of([&] {
          for (const auto& entry : cf::kv::read_ndjson(lines)) (void)entry;
        })
            .details()
            .text == wanted);
  std::istringstream vectors("{\"id\":\"a\",\"values\":[1]}\n{\"id\":\"b\",\"values\":[1],\"metadata\":" + deep +
                             "}\n");
  CHECK(error_of([&] {
          for (const auto& vector : cf::vectorize::read_ndjson(vectors)) (void)vector;
        })
            .details()
            .text == wanted);
  CHECK(csv_refusal("key,value,metadata\na,b," + deep + "\n", {}) == wanted);
  std::istringstream values("{\"id\":\"a\",\"values\":" + deep + "}\n");
  CHECK(error_of([&] {
          for (const auto& vector : cf::vectorize::read_ndjson(values)) (void)vector;
        }).kind() == ErrorKind::invalid_argument);
}

TEST_CASE("the separators of a CSV row count towards its longest item, and surplus fields are not kept") {
  const std::string wide = "key,value\nx,y" + std::string(2'000'000, ',') + "\n";
  CHECK(csv_refusal(wide, {.max_item_bytes = 1'000'000}) ==
        "line 2: longer than the 1000000 bytes allowed for one item");
  CHECK(csv_refusal(wide, {}) == "line 2: the row has 2000002 fields; the first row names 2");
  CHECK(csv_refusal(std::string(2'000'000, ',') + "\n", {.max_item_bytes = 1'000'000}) ==
        "line 1: longer than the 1000000 bytes allowed for one item");
}
