// Keys: what a name may be, how it travels, how it is listed.

#include <algorithm>
#include <set>

#include "contract/counterpart.hpp"

using namespace contract;
using cloudflare::ErrorKind;
using cloudflare::KvNamespace;
namespace kv = cloudflare::kv;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += piece;
  return all;
}

/// Names that were lost, changed or sent elsewhere by one client or another (workers-sdk#961, #7997; cloudflare-go#301;
/// wrangler-legacy#504; cloudflare-rs and terraform-provider-cloudflare#6549 for the escapes).
const std::vector<std::string>& odd_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all = {
        "plain",
        "a/b",
        "/lead",
        "trail/",
        "//",
        "a//b",
        "a b",
        " lead and trail ",
        "a+b",
        "a%2Fb",
        "a%252Fb",
        "100%",
        "%zz",
        "a?b#c",
        "a?b=c&d=e",
        "a;b,c:d@e",
        "a\\b",
        "a\"b'c`d",
        "<a>{b}[c]|^~",
        "...",
        "..a",
        "a/../b",
        "a/./b",
        "../../etc",
        "ключ",
        "ключ/значение",
        "emoji \xF0\x9F\x98\x80",
        "\xEF\xBF\xBD",
        "e\xCC\x81",  // not normalised to one code point
        "\xC3\xA9",
        "__proto__",
        "constructor",
        "null",
        "tab\tnewline\nreturn\r",
        "\x7F",
        repeated("k", 512),
        repeated("\xC3\xA9", 256),
    };
    for (char c = 0; c < 0x20; ++c) all.push_back(std::string("control ") + c);
    return all;
  }();
  return keys;
}

std::vector<std::string> names(kv::KeyRange range) {
  std::vector<std::string> all;
  for (const kv::Key& key : range) all.push_back(key.name);
  return all;
}

std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back(prefix + std::to_string(1000 + i));
  return all;
}

void put_all(const KvNamespace& space, const std::vector<std::string>& keys) {
  for (const auto& key : keys) space.put(key, "value of " + key);
}

}  // namespace

CONTRACT_CASE("each odd key written is found by list with the same bytes and can be read and deleted", "[kv][keys]",
              Embedded, Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  const auto& keys = odd_keys();
  REQUIRE(keys.size() >= 20);
  for (std::size_t i = 0; i < keys.size(); ++i) space->put(keys[i], "value " + std::to_string(i));

  // No key was taken for another one, and their order is that of UTF-8 bytes.
  std::vector<std::string> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  CHECK(names(space->list()) == sorted);

  for (std::size_t i = 0; i < keys.size(); ++i) {
    CAPTURE(keys[i]);
    CHECK(space->get(keys[i]) == "value " + std::to_string(i));
    space->erase(keys[i]);
    CHECK(space->get(keys[i]) == std::nullopt);
  }
  CHECK(names(space->list()).empty());
}

CONTRACT_CASE("odd keys survive bulk put, bulk get and bulk erase", "[kv][keys][bulk]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  auto keys = odd_keys();
  std::erase(keys, "__proto__");  // a case of its own in kv_bulk.cpp
  std::vector<kv::Entry> entries;
  for (const auto& key : keys) entries.push_back({.key = key, .value = "value of " + key});
  CHECK(space->put_bulk(entries).unsuccessful_keys.empty());

  const auto got = space->get_bulk(keys);
  REQUIRE(got.size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CAPTURE(keys[i]);
    REQUIRE(got[i].has_value());
    CHECK(got[i]->value == "value of " + keys[i]);
  }
  CHECK(space->erase_bulk(keys).unsuccessful_keys.empty());
  CHECK(names(space->list()).empty());
}

CONTRACT_CASE("keys are listed in the order of their UTF-8 bytes, not of UTF-16", "[kv][list]", Embedded, Real,
              Explorer) {
  const auto space = cloud.fresh_namespace();
  // U+FFFD sorts before U+1F600 in UTF-8 and after it in UTF-16.
  put_all(*space, {"\xF0\x9F\x98\x80", "\xEF\xBF\xBD", "я", "z", "a", "B", "10", "9", "a\x01", "a!"});
  CHECK(names(space->list()) ==
        std::vector<std::string>{"10", "9", "B", "a", "a\x01", "a!", "z", "я", "\xEF\xBF\xBD", "\xF0\x9F\x98\x80"});
}

CONTRACT_CASE(". and .. are refused before any request and never make the URL climb", "[kv][keys]", Embedded, Real,
              Explorer) {
  const auto space = cloud.fresh_namespace();
  space->put("stays", "here");
  for (const char* key : {".", ".."}) {
    CAPTURE(key);
    for (const auto& error : {error_of([&] { space->put(key, "x"); }), error_of([&] { (void)space->get(key); }),
                              error_of([&] { space->erase(key); })}) {
      CHECK(error.kind() == ErrorKind::invalid_argument);
      CHECK(error.attempts() == 0);
    }
  }
  CHECK(names(space->list()) == std::vector<std::string>{"stays"});
}

CONTRACT_CASE("the empty key and keys above 512 bytes, not characters, are refused before sending", "[kv][keys]",
              Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  for (const std::string& key : {std::string(), repeated("k", 513), repeated("\xC3\xA9", 256) + "k"}) {
    CAPTURE(key.size());
    const auto error = error_of([&] { space->put(key, "x"); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(error.attempts() == 0);
  }
  const auto shown = error_of([&] { space->put(repeated("k", 513), "x"); });
  CHECK_THAT(shown.what(), Catch::Matchers::ContainsSubstring("512"));

  // The server has the same limit.
  const auto unchecked = space->with({.check_limits = false});
  const auto error = error_of([&] { unchecked.put(repeated("\xC3\xA9", 256) + "k", "x"); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.http_status() == 414);
}

CONTRACT_CASE("the prefix of a list is encoded once", "[kv][list]", Embedded, Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  put_all(*space, {"a/b", "a%2Fb", "a%252Fb", "a b", "a+b", "a&b", "ключ/1", "ключ/2", "кот", "%_", "%_x", "_%"});
  const auto with_prefix = [&](const std::string& prefix) { return names(space->list({.prefix = prefix})); };
  using Names = std::vector<std::string>;
  CHECK(with_prefix("a/") == Names{"a/b"});
  CHECK(with_prefix("a%2F") == Names{"a%2Fb"});
  CHECK(with_prefix("a%25") == Names{"a%252Fb"});
  CHECK(with_prefix("a ") == Names{"a b"});
  CHECK(with_prefix("a+") == Names{"a+b"});
  CHECK(with_prefix("a&") == Names{"a&b"});
  CHECK(with_prefix("ключ/") == Names{"ключ/1", "ключ/2"});
  CHECK(with_prefix("к").size() == 3);
  // Neither sign is a wildcard.
  CHECK(with_prefix("%_") == Names{"%_", "%_x"});
  CHECK(with_prefix("A").empty());
}

CONTRACT_CASE("prefix and limit are repeated with every cursor, and no page is lost", "[kv][list]", Embedded, Real,
              Explorer) {
  const auto space = cloud.fresh_namespace();
  const auto wanted = numbered("wanted/", 35);
  put_all(*space, wanted);
  put_all(*space, numbered("before/", 5));
  put_all(*space, numbered("zebra/", 5));

  std::vector<std::string> seen;
  std::vector<std::size_t> sizes;
  auto pages = space->pages({.prefix = "wanted/", .limit = 10});
  while (const auto page = pages.next()) {
    sizes.push_back(page->keys.size());
    CHECK(page->info.count == static_cast<std::int64_t>(page->keys.size()));
    for (const auto& key : page->keys) seen.push_back(key.name);
  }
  CHECK(seen == wanted);
  CHECK(sizes == std::vector<std::size_t>{10, 10, 10, 5});
}

CONTRACT_CASE("a list that ends exactly at a page's end has an empty cursor there", "[kv][list]", Embedded, Real,
              Explorer) {
  const auto space = cloud.fresh_namespace();
  put_all(*space, numbered("k", 20));
  const auto first = space->list_page({.limit = 10});
  REQUIRE(first.keys.size() == 10);
  REQUIRE_FALSE(first.cursor.empty());
  const auto second = space->list_page({.limit = 10, .cursor = first.cursor});
  CHECK(second.keys.size() == 10);
  CHECK(second.cursor.empty());
  CHECK(space->list_page({.prefix = "none"}).cursor.empty());
}

CONTRACT_CASE("a list resumes from a saved cursor", "[kv][list]", Embedded, Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  const auto all = numbered("k", 25);
  put_all(*space, all);
  const auto first = space->list_page({.limit = 10});
  const auto rest = names(space->list({.limit = 10, .cursor = first.cursor}));
  CHECK(rest == std::vector<std::string>(all.begin() + 10, all.end()));
}

CONTRACT_CASE("keys written and erased while a list is under way neither repeat nor stop it", "[kv][list]", Embedded,
              Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  const auto all = numbered("k", 30);
  put_all(*space, all);
  auto pages = space->pages({.limit = 10});
  const auto first = pages.next();
  REQUIRE(first->keys.size() == 10);
  // The key the cursor stands on goes away; one appears behind it, one before it.
  space->erase(first->keys.back().name);
  space->put("k1010a", "new");
  space->put("a", "new");
  std::vector<std::string> rest;
  while (const auto page = pages.next())
    for (const auto& key : page->keys) rest.push_back(key.name);
  std::vector<std::string> expected(all.begin() + 10, all.end());
  expected.insert(expected.begin() + 1, "k1010a");
  CHECK(rest == expected);
}

CONTRACT_CASE("a page limit outside 10 to 1000 is refused, here and by the server", "[kv][list]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  for (const int limit : {-1, 0, 9, 1001}) {
    CAPTURE(limit);
    const auto local = error_of([&] { (void)space->list_page({.limit = limit}); });
    CHECK(local.kind() == ErrorKind::invalid_argument);
    CHECK(local.attempts() == 0);
  }
  for (const int limit : {1, 9, 1001}) {
    CAPTURE(limit);
    const auto remote = error_of([&] { (void)space->with({.check_limits = false}).list_page({.limit = limit}); });
    CHECK(remote.kind() == ErrorKind::rejected);
    CHECK(remote.http_status() == 400);
  }
  CHECK(space->list_page({.limit = 10}).keys.empty());
  CHECK(space->list_page({.limit = 1000}).keys.empty());
}
