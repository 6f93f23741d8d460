// Operations on files: nothing happens before they begin, and what is wrong with a path is the error of the operation.

#include <sys/stat.h>

#include <cloudflare/async.hpp>
#include <filesystem>
#include <set>

#include "jobs_support.hpp"

using namespace d1_tests;

namespace {

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

/// A server that has "the value" under the key k, and nothing else.
struct Values {
  std::shared_ptr<FakeTransport> fake = std::make_shared<FakeTransport>();
  cf::KvNamespace kv =
      cf::ApiClient(cf::ApiToken("token"), {.account_id = "acc", .transport = fake, .clock = fake->clock()}).kv("ns");

  Values() {
    fake->answer_with([](const SentRequest& sent) {
      return sent.url.ends_with("/k") ? FakeReply{.body = "the value"} : refused(404, 10009, "key not found");
    });
  }
};

}  // namespace

TEST_CASE("an operation touches no file before it begins, and never if it is dropped before") {
  const support::TemporaryFolder folder;
  for (const char* name : {"value.part", "dump.sql.part"}) support::write_file(folder.file(name), "somebody else's");
  const std::set<std::string> before = names_in(folder);
  const Values values;
  const Engine engine;
  {
    const auto value = values.kv.async().get_to_file("k", folder.file("value"));
    const auto dump = engine.db().async().export_to_file(folder.file("dump.sql"));
    CHECK(names_in(folder) == before);
  }
  CHECK(names_in(folder) == before);
  for (const char* name : {"value.part", "dump.sql.part"})
    CHECK(support::read_file(folder.file(name)) == "somebody else's");
}

TEST_CASE("files and folders are read when an operation begins, not when it is made") {
  const support::TemporaryFolder folder;
  const Engine engine;
  const auto db = engine.db();
  auto import = db.async().import_file(folder.file("x.sql"));
  auto migrate = db.async().migrate(folder.file("migrations"));
  support::write_file(folder.file("x.sql"), "CREATE TABLE a (x);");
  std::filesystem::create_directory(folder.file("migrations"));
  support::write_file(folder.file("migrations/1_b.sql"), "CREATE TABLE b (x);");
  CHECK(std::move(import).as_future().get().num_queries == 1);
  CHECK(std::move(migrate).as_future().get().applied == std::vector<std::string>{"1_b.sql"});
  const std::size_t requests = engine.fake->requests().size();
  for (const auto& error :
       {db.checked().import_file(folder.file("none")).error(), db.checked().migrate(folder.file("none")).error(),
        error_of([&] { (void)db.async().import_file(folder.file("none")).as_future().get(); }),
        error_of([&] { (void)db.async().migrate(folder.file("none")).as_future().get(); })})
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(engine.fake->requests().size() == requests);
}

TEST_CASE("a path that cannot be written is the operation's error in all three views, before any request is sent") {
  const support::TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("folder"));
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  const std::set<std::string> before = names_in(folder);
  const Values values;
  const Engine engine;
  const auto db = engine.db();
  for (const std::string& path : {folder.file("no/such/file"), folder.file("folder"), folder.file("pipe"),
                                  folder.file(std::string(300, 'x')), std::string()}) {
    INFO(path);
    for (const auto& error :
         {error_of([&] { (void)values.kv.get_to_file("k", path); }), values.kv.checked().get_to_file("k", path).error(),
          error_of([&] { (void)values.kv.async().get_to_file("k", path).as_future().get(); }),
          error_of([&] { (void)db.export_to_file(path); }), db.checked().export_to_file(path).error(),
          error_of([&] { (void)db.async().export_to_file(path).as_future().get(); })}) {
      CHECK(error.kind() == cf::ErrorKind::invalid_argument);
      CHECK(holds(error.what(), "cannot be created: "));
    }
  }
  CHECK(values.fake->requests().empty());
  CHECK(engine.fake->requests().empty());
  CHECK(names_in(folder) == before);
  CHECK(std::filesystem::is_fifo(folder.file("pipe")));
}

TEST_CASE(
    "a file is written under a name that nobody else has, follows no link, and keeps the access of the one before") {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("victim"), "precious");
  std::filesystem::create_symlink(folder.file("victim"), folder.file("value.part"));
  support::write_file(folder.file("value"), "the value before");
  REQUIRE(::chmod(folder.file("value").c_str(), 0640) == 0);
  const Values values;
  CHECK(values.kv.get_to_file("k", folder.file("value"))->size == 9);
  CHECK(support::read_file(folder.file("value")) == "the value");
  CHECK(mode_of(folder.file("value")) == 0640);
  CHECK(support::read_file(folder.file("victim")) == "precious");
  CHECK(names_in(folder) == std::set<std::string>{"victim", "value", "value.part"});
  CHECK_FALSE(values.kv.get_to_file("none", folder.file("value")).has_value());
  CHECK(support::read_file(folder.file("value")) == "the value");
  // The longest possible name leaves no room for a suffix.
  const std::string longest = folder.file(std::string(255, 'n'));
  CHECK(values.kv.get_to_file("k", longest).has_value());
  CHECK(support::read_file(longest) == "the value");
}

TEST_CASE("FileSink: nothing before the first byte, an empty file if there is none, complete once") {
  const support::TemporaryFolder folder;
  {
    cf::FileSink unused(folder.file("a"));
    CHECK(unused.restart());
    CHECK(names_in(folder).empty());
    unused.write("lost");
    CHECK(names_in(folder).size() == 1);
  }
  CHECK(names_in(folder).empty());
  cf::FileSink sink(folder.file("a"));
  sink.write("one");
  CHECK(sink.restart());
  sink.write("two");
  sink.commit();
  CHECK(support::read_file(folder.file("a")) == "two");
  sink.commit();
  CHECK_FALSE(sink.restart());
  CHECK(error_of([&] { sink.write("three"); }).kind() == cf::ErrorKind::callback);
  CHECK(support::read_file(folder.file("a")) == "two");
  cf::FileSink empty(folder.file("b"));
  empty.commit();
  CHECK(support::read_file(folder.file("b")).empty());
  CHECK(names_in(folder) == std::set<std::string>{"a", "b"});
}
