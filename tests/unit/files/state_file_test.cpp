// State files: on the disk before they count, private to their owner, with any path; and how they tell that the file
// they are about has changed.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cloudflare/files/kv.hpp>
#include <cloudflare/local.hpp>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "files/state_file.hpp"
#include "support/system.hpp"
#include "unit/engine/core_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using cf::detail::StateFile;
using cf::kv::import_from;

namespace {

std::function<int(const struct stat&)> on_fsync;  // in the place of the kernel, if set

std::set<std::string> names_in(const support::TemporaryFolder& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.file(""))) names.insert(entry.path().filename());
  return names;
}

mode_t mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777U;
}

std::string pairs(int first, int last) {
  std::string text;
  for (int i = first; i < last; ++i)
    text += "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"" + std::to_string(i) + "\"}\n";
  return text;
}

struct StateServer {
  std::shared_ptr<FakeTransport> fake;
  std::function<void()> on_request{};
  std::uint64_t requests = 0;

  explicit StateServer(std::shared_ptr<cf::testing::FakeClock> clock = std::make_shared<cf::testing::FakeClock>())
      : fake(std::make_shared<FakeTransport>(std::move(clock))) {
    fake->answer_with([this](const cf::testing::SentRequest&) {
      ++requests;
      if (on_request) on_request();
      return ok("null");
    });
  }
  [[nodiscard]] cf::KvNamespace kv() const {
    return cf::ApiClient(cf::ApiToken("token"), {.account_id = "acc", .transport = fake, .clock = fake->clock()})
        .kv("ns");
  }
  /// Imports until the first piece of ten pairs is stored.
  cf::ImportResult import_ten(const std::string& path) {
    std::stop_source stop;
    on_request = [&] { stop.request_stop(); };
    auto done = import_from(kv(), path, {.stop = stop.get_token(), .items_per_state = 10});
    on_request = nullptr;
    return done;
  }
};

}  // namespace

extern "C" int fsync(int file) {
  struct stat found {};
  if (on_fsync && ::fstat(file, &found) == 0) return on_fsync(found);
  return static_cast<int>(::syscall(SYS_fsync, file));
}

TEST_CASE("a state file follows no link, is its owner's alone, and keeps the access of the one before") {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("victim"), "precious");
  std::filesystem::create_symlink(folder.file("victim"), folder.file("x.state.new"));
  StateFile state(folder.file("x.state"), "a job");
  state.write();
  CHECK(support::read_file(folder.file("victim")) == "precious");
  CHECK(names_in(folder) == std::set<std::string>{"victim", "x.state", "x.state.new"});
  CHECK(mode_of(folder.file("x.state")) == 0600);
  REQUIRE(::chmod(folder.file("x.state").c_str(), 0640) == 0);
  state.write();
  CHECK(mode_of(folder.file("x.state")) == 0640);
}

TEST_CASE("the bytes of a state file reach the disk before its name, and its name before write() returns") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.state");
  StateFile state(path, "a job");
  state.set("n", 1U);
  state.write();
  const std::string before = support::read_file(path);
  std::vector<std::string> synced;
  on_fsync = [&](const struct stat& what) {
    const bool old = support::read_file(path) == before;
    synced.push_back(std::string(S_ISDIR(what.st_mode) ? "folder, " : "file, ") + (old ? "old" : "new"));
    return 0;
  };
  state.set("n", 2U);
  state.write();
  CHECK(synced == std::vector<std::string>{"file, old", "folder, new"});
  on_fsync = [](const struct stat&) { return errno = EIO, -1; };
  state.set("n", 3U);
  const auto error = error_of([&] { state.write(); });
  on_fsync = nullptr;
  CHECK(error.kind() == ErrorKind::callback);
  CHECK(std::string(error.what()).find("Input/output error") != std::string::npos);
  CHECK((state.read() && state.number("n") == 2));
  CHECK(names_in(folder) == std::set<std::string>{"x.state"});
}

TEST_CASE("what is not UTF-8 comes back from a state file as it was") {
  const support::TemporaryFolder folder;
  const std::string odd = "file \xFF\xFE \"quoted\" \n\x01";
  StateFile state(folder.file("\xFFx.state"), "job of " + odd);
  state.set("place", odd);
  state.set("empty", "");
  state.write();
  StateFile again(folder.file("\xFFx.state"), "job of " + odd);
  REQUIRE(again.read());
  CHECK((again.text("place") == odd && again.text("empty").empty()));
  StateFile other(folder.file("\xFFx.state"), "another job");
  CHECK(std::string(error_of([&] { (void)other.read(); }).what()).find("is of another job") != std::string::npos);
}

TEST_CASE("a comparison with a file whose path is not UTF-8 goes on after an interruption") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("\xFF.ndjson");
  const cf::local::Cloudflare cloud;
  const cf::KvNamespace space = cloud.client().kv(cloud.client().kv_namespaces().create("s").id);
  std::string text;
  for (int i = 10'000; i < 12'500; ++i) text += pairs(i, i + 1);
  support::write_file(path, text);
  REQUIRE(import_from(space, path).complete());
  space.erase("k10500");
  auto step = [&] {
    std::stop_source stop;
    return cf::kv::compare(space, path,
                           {.state_file = folder.file("state"), .stop = stop.get_token(), .on_difference = [&](auto&) {
                              stop.request_stop();
                            }});
  };
  CHECK_FALSE(step().finished);
  const std::string state = support::read_file(folder.file("state"));
  const auto rest = step();
  CHECK((rest.finished && rest.keys == 2'500 && rest.differ == 1));
  // The file has changed where it was compared.
  support::write_file(folder.file("state"), state);
  text[text.find("10400")] = '2';
  support::write_file(path, text);
  CHECK(std::string(error_of([&] { (void)step(); }).what()).find("is not the one that its state file is about") !=
        std::string::npos);
}

TEST_CASE("a state file that exists and cannot be read is an error, not a missing state") {
  const support::TemporaryFolder folder;
  std::filesystem::create_symlink("x.state", folder.file("x.state"));
  StateFile state(folder.file("x.state"), "a job");
  CHECK(std::string(error_of([&] { (void)state.read(); }).what()).find("cannot be read") != std::string::npos);
  std::filesystem::create_directory(folder.file("y.state"));
  StateFile directory(folder.file("y.state"), "a job");
  CHECK(error_of([&] { (void)directory.read(); }).kind() == ErrorKind::invalid_argument);
  for (const std::string& value :
       {std::string(100'000, '[') + std::string(100'000, ']'), std::string(100'000, '{'),
        std::string(R"({"base64":1})"), std::string(R"({"base64":"%"})"), std::string("{}")}) {
    support::write_file(folder.file("z.state"), "{\"job\":" + value + "}");
    StateFile odd(folder.file("z.state"), "a job");
    CHECK(error_of([&] { (void)odd.read(); }).kind() == ErrorKind::invalid_argument);
  }
}

TEST_CASE("an import does not go on in a file that has changed where it was read; what follows may be mended") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.ndjson");
  const std::string whole = pairs(100, 130);
  auto interrupted = [&](StateServer& server) {
    support::write_file(path, whole);
    std::filesystem::remove(path + ".state");
    REQUIRE(server.import_ten(path).loaded == 10);
  };
  auto go_on = [&](StateServer& server, const std::string& text) {
    support::write_file(path, text);
    return import_from(server.kv(), path);
  };
  for (const char* read : {"100", "104", "109"}) {
    StateServer server;
    interrupted(server);
    std::string changed = whole;
    changed[changed.find(read)] = '9';  // of the same size
    const auto error = error_of([&] { (void)go_on(server, changed); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(std::string(error.what()).find("is not the one that its state file is about") != std::string::npos);
    CHECK(std::string(error.what()).find("remove " + path + ".state to begin anew") != std::string::npos);
    CHECK(server.requests == 1);
    CHECK(go_on(server, whole).loaded == 20);
  }
  StateServer server;
  interrupted(server);
  CHECK_THROWS_AS(go_on(server, whole + pairs(130, 131)), cf::Error);
  CHECK_THROWS_AS(go_on(server, whole.substr(0, whole.size() - 1)), cf::Error);
  std::string mended = whole;
  mended[mended.find("110")] = '9';
  CHECK(go_on(server, mended).loaded == 20);
}

TEST_CASE("an import goes on with the state of an earlier version, which knows only the size of the file") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.ndjson");
  support::write_file(path, pairs(100, 130));
  support::write_file(path + ".state", R"({"job":"import into KV namespace ns","file_bytes":")" +
                                           std::to_string(pairs(100, 130).size()) + R"(","offset":")" +
                                           std::to_string(pairs(100, 110).size()) +
                                           R"(","lines":"10","items":"10","upto":"10","unsettled":""})");
  const StateServer server;
  const auto done = import_from(server.kv(), path);
  CHECK((done.complete() && done.already == 10 && done.loaded == 20));
}

TEST_CASE("a state whose numbers are impossible is refused") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.ndjson");
  support::write_file(path, pairs(100, 130));
  for (const char* numbers : {R"("items":"10","upto":"9","unsettled":"")", R"("items":"0","upto":"9","unsettled":"9")",
                              R"("items":"0","upto":"5","unsettled":"0-18446744073709551615")",
                              R"("items":"3","upto":"9","unsettled":"2")"}) {
    support::write_file(path + ".state", R"({"job":"import into KV namespace ns","file_bytes":")" +
                                             std::to_string(pairs(100, 130).size()) + R"(","offset":"0","lines":"0",)" +
                                             numbers + "}");
    const StateServer server;
    CHECK(error_of([&] { (void)import_from(server.kv(), path); }).kind() == ErrorKind::invalid_argument);
  }
}

TEST_CASE("a file that changes while it is imported ends the import, which says so and counts nothing more as done") {
  for (const bool replaced : {false, true}) {
    const support::TemporaryFolder folder;
    const std::string path = folder.file("x.ndjson");
    support::write_file(path, pairs(100, 130));
    StateServer server;
    server.on_request = [&] {
      if (server.requests != 2) return;
      if (replaced) {
        support::write_file(path + "2", pairs(200, 230));
        std::filesystem::rename(path + "2", path);
      } else {
        support::write_file(path, pairs(100, 131));
      }
    };
    const auto done = import_from(server.kv(), path, {.items_per_state = 10});
    REQUIRE(done.stopped.has_value());
    CHECK(done.stopped->kind() == ErrorKind::invalid_argument);
    CHECK(std::string(done.stopped->what()).find("changed while it was imported") != std::string::npos);
    CHECK((!done.finished && done.loaded == 20 && server.requests == 2));
    StateFile state(path + ".state", "import into KV namespace ns");
    REQUIRE(state.read());
    CHECK(state.number("upto") == 10);
  }
}

TEST_CASE("items_per_state of zero is refused before anything is read") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.ndjson");
  support::write_file(path, pairs(100, 130));
  const StateServer server;
  const auto error = error_of([&] { (void)import_from(server.kv(), path, {.items_per_state = 0}); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK(std::string(error.what()).find("items_per_state is 0; at least 1 is needed") != std::string::npos);
  CHECK((server.requests == 0 && names_in(folder) == std::set<std::string>{"x.ndjson"}));
}

TEST_CASE("a pipe can be imported") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const std::jthread writer([&] { support::write_file(path, pairs(100, 130)); });
  const StateServer server;
  const auto done = import_from(server.kv(), path, {.items_per_state = 10});
  CHECK((done.complete() && done.loaded == 30));
}

TEST_CASE("whether a pair has expired is told by the client's clock") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.csv");
  support::write_file(path, "key,value,expiration\nold,v,1000000200\nnew,v,4000000000\n");
  auto expired_at = [&](std::int64_t now) {
    const StateServer server(
        std::make_shared<cf::testing::FakeClock>(std::chrono::sys_seconds(std::chrono::seconds(now))));
    const auto done = import_from(server.kv(), path);
    CHECK((done.finished && done.loaded + done.expired == 2));
    return done.expired;
  };
  CHECK(expired_at(1'000'000'000) == 0);
  CHECK(expired_at(1'000'000'140) == 0);
  CHECK(expired_at(1'000'000'141) == 1);
  CHECK(expired_at(3'999'999'940) == 1);
  CHECK(expired_at(3'999'999'941) == 2);
}
