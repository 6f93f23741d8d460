// Walks over pages that no real server serves on demand.

#include "core_support.hpp"

using namespace core_tests;

namespace {

std::vector<std::string> names(cf::kv::KeyRange range) {
  std::vector<std::string> all;
  for (const cf::kv::Key& key : range) all.push_back(key.name);
  return all;
}

FakeReply keys(std::string_view list, std::string_view info) { return ok(list, info); }

}  // namespace

TEST_CASE("a list reply with no keys and a cursor continues; only an empty or missing cursor ends") {
  for (const std::string_view end : {R"({"count":1,"cursor":""})", R"({"count":1,"cursor":null})", R"({"count":1})"}) {
    const Scripted s({keys(R"([{"name":"a"}])", R"({"count":1,"cursor":"c1"})"),
                      keys("[]", R"({"count":0,"cursor":"c2"})"), keys(R"([{"name":"b"}])", end)});
    CHECK(names(s.kv().list()) == std::vector<std::string>{"a", "b"});
    CHECK(s.fake->problems().empty());
  }
}

TEST_CASE("the same cursor or the same page twice in a row ends with an error, not a loop") {
  const Scripted cursor(
      {keys(R"([{"name":"a"}])", R"({"cursor":"c"})"), keys(R"([{"name":"b"}])", R"({"cursor":"c"})")});
  CHECK(error_of([&] { names(cursor.kv().list()); }).kind() == cf::ErrorKind::decode);
  const Scripted page(
      {keys(R"([{"name":"a"}])", R"({"cursor":"c1"})"), keys(R"([{"name":"a"}])", R"({"cursor":"c2"})")});
  CHECK(error_of([&] { names(page.kv().list()); }).kind() == cf::ErrorKind::decode);
  const Scripted around({keys(R"([{"name":"a"}])", R"({"cursor":"c1"})"),
                         keys(R"([{"name":"b"}])", R"({"cursor":"c2"})"),
                         keys(R"([{"name":"d"}])", R"({"cursor":"c1"})")});
  CHECK(error_of([&] { names(around.kv().list()); }).kind() == cf::ErrorKind::decode);
}

TEST_CASE("prefix and limit are repeated with every cursor, and the prefix is encoded once") {
  const Scripted s({keys(R"([{"name":"a/1"}])", R"({"cursor":"x+y="})"), keys("[]", "{}")});
  names(s.kv().list({.prefix = "a/", .limit = 10}));
  CHECK(s.fake->requests()[0].url.ends_with("/keys?limit=10&prefix=a%2F"));
  CHECK(s.fake->requests()[1].url.ends_with("/keys?limit=10&prefix=a%2F&cursor=x%2By%3D"));
}

TEST_CASE("an error on a later page is thrown there, the walk can be continued, and a saved cursor resumes it") {
  const Scripted s({keys(R"([{"name":"a"}])", R"({"cursor":"c1"})"), refused(403, 10000, "no"),
                    keys(R"([{"name":"b"}])", "{}"), keys(R"([{"name":"b"}])", "{}")});
  auto pages = s.kv().checked().pages();
  CHECK(pages.next().value()->keys[0].name == "a");
  const std::string saved = pages.cursor();
  CHECK(saved == "c1");
  CHECK(pages.next().error().kind() == cf::ErrorKind::unauthorized);
  CHECK(pages.next().value()->keys[0].name == "b");
  CHECK_FALSE(pages.next().value());
  CHECK(names(s.kv().list({.cursor = saved})) == std::vector<std::string>{"b"});
}

TEST_CASE("a range whose step threw asks for the same page when it steps again, and loses no item") {
  const Scripted s({keys(R"([{"name":"a"},{"name":"b"}])", R"({"cursor":"c1"})"), refused(403, 10000, "no"),
                    refused(403, 10000, "no"), keys(R"([{"name":"c"}])", "{}")});
  cf::kv::KeyRange range = s.kv().list();
  auto it = range.begin();
  CHECK(it->name == "a");
  CHECK((++it)->name == "b");
  CHECK(error_of([&] { ++it; }).kind() == cf::ErrorKind::unauthorized);
  CHECK(error_of([&] { ++it; }).kind() == cf::ErrorKind::unauthorized);
  REQUIRE((++it) != range.end());
  CHECK(it->name == "c");
  CHECK(++it == range.end());
}

TEST_CASE("a range whose first request threw makes it again at its next begin, and is not empty") {
  const Scripted s({refused(403, 10000, "no"), keys(R"([{"name":"a"}])", "{}")});
  cf::kv::KeyRange range = s.kv().list();
  CHECK(error_of([&] { (void)range.begin(); }).kind() == cf::ErrorKind::unauthorized);
  REQUIRE(range.begin() != range.end());
  CHECK(range.begin()->name == "a");
  CHECK(s.count() == 2);
}

TEST_CASE("list_page makes exactly one request and shows result_info") {
  const Scripted s(
      {keys(R"([{"name":"a","expiration":1700000000.0,"metadata":{"n":1}}])", R"({"count":1,"cursor":"c"})")});
  const cf::kv::KeyPage page = s.kv().list_page();
  CHECK(page.keys[0].expiration == std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000)));
  CHECK(page.keys[0].metadata.text() == R"({"n":1})");
  CHECK(page.cursor == "c");
  CHECK(page.info.count == 1);
  CHECK(s.count() == 1);
}

TEST_CASE("namespaces beyond the first page are seen; a lookup by title walks every page before it decides") {
  const auto page = [](int number, std::string_view title) {
    return ok(R"([{"id":"n)" + std::to_string(number) + R"(","title":")" + std::string(title) + R"("}])",
              R"({"page":)" + std::to_string(number) + R"(,"per_page":1,"count":1,"total_count":3,"total_pages":3})");
  };
  const Scripted found({page(1, "a"), page(2, "b"), page(3, "wanted")});
  CHECK(found.client().kv_namespaces().find("wanted")->id == "n3");
  const Scripted absent({page(1, "a"), page(2, "b"), page(3, "c")});
  CHECK_FALSE(absent.client().kv_namespaces().find("wanted"));
  CHECK(absent.fake->problems().empty());  // total_pages is obeyed: three requests, not four
}

TEST_CASE("a server that ignores the page number is an error, not an endless list") {
  FakeReply same = ok(R"([{"id":"n1","title":"a"}])", R"({"page":1,"per_page":1,"count":1,"total_count":9})");
  const Scripted s({same, same});
  CHECK(error_of([&] {
          for (const auto& ns : s.client().kv_namespaces().list()) (void)ns;
        }).kind() == cf::ErrorKind::decode);
}
