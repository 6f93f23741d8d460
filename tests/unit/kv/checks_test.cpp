// What KV calls refuse before sending, and what a stored JSON null reads as.

#include <cloudflare/d1.hpp>

#include "../vectorize/vectorize_support.hpp"

using namespace vectorize_tests;

TEST_CASE("a stored JSON null is told from a missing key by get_bulk with type json") {
  for (const bool with_metadata : {false, true}) {
    const Scripted s({ok(R"({"values":{"null":{"value":null,"metadata":{"a":1}},"missing":null,
                              "object":{"value":{"value":1},"metadata":null,"expiration":2000000000}}})")});
    const auto got = s.kv().get_bulk(std::vector<std::string>{"null", "missing", "object", "absent"},
                                     {.type = cf::kv::ValueType::json, .with_metadata = with_metadata});
    CHECK(json::parse(body(s)).at("withMetadata") == true);
    REQUIRE(got.size() == 4);
    REQUIRE(got[0]);
    CHECK(got[0]->value == "null");
    CHECK(got[0]->metadata.empty() != with_metadata);
    CHECK_FALSE(got[1]);
    CHECK(got[2]->value == R"({"value":1})");
    CHECK(got[2]->expiration.has_value() == with_metadata);
    CHECK_FALSE(got[3]);
  }
}

TEST_CASE("a bulk read of type json from a server that gives bare values reads them") {
  const Scripted s({ok(R"({"values":{"number":12,"text":"x","missing":null}})")});
  const auto got =
      s.kv().get_bulk(std::vector<std::string>{"number", "text", "missing"}, {.type = cf::kv::ValueType::json});
  REQUIRE(got[0]);
  CHECK(got[0]->value == "12");
  CHECK(got[1]->value == R"("x")");
  CHECK_FALSE(got[2]);
}

TEST_CASE("a prefix that is not UTF-8, or longer than any key, is refused before sending") {
  const Scripted s;
  refuses(
      s, [&] { (void)s.kv().list_page({.prefix = "a\xFF"}); }, "the prefix is not UTF-8");
  refuses(
      s,
      [&] {
        for (const auto& key : s.kv().list({.prefix = "\xC3"})) CHECK(key.name.empty());
      },
      "not UTF-8");
  refuses(
      s, [&] { (void)s.kv().list_page({.prefix = std::string(513, 'p')}); },
      "the prefix has 513 bytes; at most 512 are allowed");
  const Scripted sent({ok("[]"), ok("[]")});
  (void)sent.kv().list_page({.prefix = std::string(512, 'p')});
  (void)sent.kv().with({.check_limits = false}).list_page({.prefix = std::string(513, 'p')});
  CHECK(sent.count() == 2);
}

TEST_CASE("cursors, index names and searches that are not UTF-8 are refused before sending") {
  const Scripted s;
  refuses(
      s, [&] { (void)s.kv().list_page({.cursor = "\xFF"}); }, "the cursor is not UTF-8");
  refuses(
      s, [&] { (void)index_of(s).list_page({.cursor = "\xFF"}); }, "the cursor is not UTF-8");
  refuses(
      s, [&] { (void)s.client().vectorize("in\xFFx").info(); }, "the name of the index is not UTF-8");
  refuses(
      s, [&] { (void)s.client().d1_databases().list_page({.name = "\xFF"}); }, "not UTF-8");
}
