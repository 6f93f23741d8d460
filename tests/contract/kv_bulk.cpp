// The bulk calls and the `_many` calls on top of them.

#include "contract/counterpart.hpp"

using namespace contract;
using namespace std::chrono_literals;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
using Json = nlohmann::json;
namespace kv = cloudflare::kv;

namespace {

std::vector<std::string> numbered(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back("k" + std::to_string(10000 + i));
  return all;
}

std::vector<kv::Entry> entries_for(const std::vector<std::string>& keys) {
  std::vector<kv::Entry> entries;
  for (const auto& key : keys) entries.push_back({.key = key, .value = "value of " + key});
  return entries;
}

}  // namespace

CONTRACT_CASE("a bulk put honours base64, ttl and metadata of each pair", "[kv][bulk]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const std::vector<kv::Entry> entries = {
      {.key = "base64", .value = "AAH/", .base64 = true},
      {.key = "text that is base64", .value = "AAH/"},
      {.key = "ttl", .value = "v", .ttl = 1h},
      {.key = "metadata", .value = "v", .metadata = {{"a", Json::array({1, "x"})}}},
      {.key = "empty", .value = ""},
  };
  const auto reply = space->put_bulk(entries);
  CHECK(reply.successful_key_count == 5);
  CHECK(reply.unsuccessful_keys.empty());
  CHECK(space->get("base64") == std::string("\x00\x01\xFF", 3));
  CHECK(space->get("text that is base64") == "AAH/");
  CHECK(space->get_with_metadata("ttl")->expiration.has_value());
  CHECK(space->metadata("metadata")->as<Json>() == Json{{"a", {1, "x"}}});
  CHECK(space->get("empty") == "");
}

CONTRACT_CASE("a bulk put takes the same pair twice, and a key with two values is refused by client and server",
              "[kv][bulk]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const std::vector<kv::Entry> same = {{.key = "k", .value = "v"}, {.key = "k", .value = "v"}};
  CHECK(space->put_bulk(same).successful_key_count == 1);
  CHECK(space->get("k") == "v");
  const std::vector<kv::Entry> entries = {{.key = "k", .value = "first"}, {.key = "k", .value = "second"}};
  CHECK(error_of([&] { (void)space->put_bulk(entries); }).kind() == ErrorKind::invalid_argument);
  const auto error = error_of([&] { (void)space->with({.check_limits = false}).put_bulk(entries); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.http_status() == 400);
  CHECK(error.code() == ErrorCode::kv_invalid_request);
  CHECK(space->get("k") == "v");
  CHECK(space->erase_bulk(std::vector<std::string>{"k", "k"}).successful_key_count == 1);
}

CONTRACT_CASE("put_many keeps the last of a key that comes twice", "[kv][many]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const std::vector<kv::Entry> entries = {
      {.key = "k", .value = "first"}, {.key = "a", .value = "v"}, {.key = "k", .value = "second"}};
  const auto done = space->put_many(entries);
  CHECK(done.complete());
  CHECK(done.succeeded == 3);
  CHECK(space->get("k") == "second");
  CHECK(space->get("a") == "v");
}

CONTRACT_CASE("a pair that the server refuses costs that pair, not its request", "[kv][many]", Embedded) {
  const auto space = cloud.fresh_namespace();
  auto entries = entries_for(numbered(50));
  entries[17].ttl = 5s;
  const auto done = space->with({.check_limits = false}).put_many(entries);
  CHECK(done.succeeded == 49);
  REQUIRE(done.failed.size() == 1);
  CHECK(done.failed[0].index == 17);
  CHECK(done.failed[0].error.code() == ErrorCode::kv_expiration_invalid);
}

CONTRACT_CASE("bulk get of type json tells a stored null from a missing key", "[kv][bulk]", Embedded) {
  const auto space = cloud.fresh_namespace();
  space->put("null", "null");
  const auto got = space->get_bulk(std::vector<std::string>{"null", "missing"}, {.type = kv::ValueType::json});
  REQUIRE(got[0]);
  CHECK(got[0]->value == "null");
  CHECK_FALSE(got[1]);
}

CONTRACT_CASE("a value that is not base64 is refused by the server with 400", "[kv][bulk]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const std::vector<kv::Entry> entries = {{.key = "k", .value = "no base64!", .base64 = true}};
  const auto error = error_of([&] { (void)space->with({.check_limits = false}).put_bulk(entries); });
  CHECK((error.kind() == ErrorKind::rejected || error.kind() == ErrorKind::invalid_argument));
  CHECK(space->get("k") == std::nullopt);
}

CONTRACT_CASE("bulk get tells missing keys from empty values and keeps the order asked for", "[kv][bulk]", Embedded,
              Real, Explorer) {
  // workers-sdk#14046
  const auto space = cloud.fresh_namespace();
  space->put("b", "beta");
  space->put("a", "");
  const auto got = space->get_bulk(std::vector<std::string>{"missing", "b", "a", "b"});
  REQUIRE(got.size() == 4);
  CHECK_FALSE(got[0].has_value());
  CHECK(got[1]->value == "beta");
  REQUIRE(got[2].has_value());
  CHECK(got[2]->value.empty());
  CHECK(got[3]->value == "beta");
}

// Miniflare collects the values of a bulk get in a plain JavaScript object, where this name is lost.
CONTRACT_CASE("a key named __proto__ is found by bulk get", "[kv][bulk]", Embedded) {
  const auto space = cloud.fresh_namespace();
  space->put("__proto__", "p");
  const auto got = space->get_bulk(std::vector<std::string>{"__proto__"});
  REQUIRE(got.size() == 1);
  REQUIRE(got[0].has_value());
  CHECK(got[0]->value == "p");
}

CONTRACT_CASE("bulk get with metadata keeps empty values and gives metadata and expiration", "[kv][bulk]", Embedded,
              Real) {
  const auto space = cloud.fresh_namespace();
  space->put("empty", "", {.metadata = {{"a", 1}}});
  space->put("plain", "v");
  space->put("ttl", "v", {.ttl = 1h});
  const auto got =
      space->get_bulk(std::vector<std::string>{"empty", "plain", "ttl", "missing"}, {.with_metadata = true});
  REQUIRE(got.size() == 4);
  REQUIRE(got[0].has_value());
  CHECK(got[0]->value.empty());
  CHECK(got[0]->metadata.as<Json>() == Json{{"a", 1}});
  CHECK(got[1]->metadata.empty());
  CHECK_FALSE(got[1]->expiration.has_value());
  CHECK(got[2]->expiration.has_value());
  CHECK_FALSE(got[3].has_value());
}

CONTRACT_CASE("bulk get of type json gives the JSON text, and refuses other values with 10029", "[kv][bulk]", Embedded,
              Real) {
  const auto space = cloud.fresh_namespace();
  space->put("object", R"({ "a" : [1, 2.5, null] })");
  space->put("number", "12");
  space->put("zero", "0");
  space->put("no", "false");
  space->put("text", R"("x")");
  const std::vector<std::string> keys = {"object", "number", "zero", "no", "text", "missing"};
  const auto got = space->get_bulk(keys, {.type = kv::ValueType::json});
  REQUIRE(got.size() == 6);
  CHECK(Json::parse(got[0]->value) == Json{{"a", {1, 2.5, nullptr}}});
  CHECK(Json::parse(got[1]->value) == Json(12));
  CHECK(Json::parse(got[2]->value) == Json(0));
  CHECK(Json::parse(got[3]->value) == Json(false));
  CHECK(Json::parse(got[4]->value) == Json("x"));
  CHECK_FALSE(got[5].has_value());

  space->put("broken", "{");
  const auto error = error_of([&] {
    (void)space->get_bulk(std::vector<std::string>{"object", "broken"}, {.type = kv::ValueType::json});
  });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.code() == ErrorCode::kv_bulk_get_count);
}

CONTRACT_CASE("bulk get of no key or of 101 keys is refused before sending, and by the server with 10029", "[kv][bulk]",
              Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  for (const int count : {0, 101}) {
    CAPTURE(count);
    const auto local = error_of([&] { (void)space->get_bulk(numbered(count)); });
    CHECK(local.kind() == ErrorKind::invalid_argument);
    CHECK(local.attempts() == 0);
  }
  const auto remote = error_of([&] { (void)space->with({.check_limits = false}).get_bulk(numbered(101)); });
  CHECK(remote.kind() == ErrorKind::rejected);
  CHECK(remote.http_status() == 400);
  CHECK(remote.code() == ErrorCode::kv_bulk_get_count);
  CHECK(space->get_bulk(numbered(100)).size() == 100);
}

CONTRACT_CASE("10 001 pairs or keys in one request are refused before sending, and by the server with 400",
              "[kv][bulk]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const auto keys = numbered(10'001);
  const auto entries = entries_for(keys);
  const auto unchecked = space->with({.check_limits = false});
  for (const auto& local :
       {error_of([&] { (void)space->put_bulk(entries); }), error_of([&] { (void)space->erase_bulk(keys); })}) {
    CHECK(local.kind() == ErrorKind::invalid_argument);
    CHECK(local.attempts() == 0);
  }
  for (const auto& remote :
       {error_of([&] { (void)unchecked.put_bulk(entries); }), error_of([&] { (void)unchecked.erase_bulk(keys); })}) {
    CHECK(remote.kind() == ErrorKind::rejected);
    CHECK(remote.http_status() == 400);
  }
  CHECK(space->list_page().keys.empty());
}

CONTRACT_CASE("bulk erase removes the keys, and those that are not there count as removed", "[kv][bulk]", Embedded,
              Real) {
  const auto space = cloud.fresh_namespace();
  (void)space->put_bulk(entries_for({"a", "b", "c", "d"}));
  const auto reply = space->erase_bulk(std::vector<std::string>{"a", "missing", "b"});
  CHECK(reply.successful_key_count == 3);
  CHECK(reply.unsuccessful_keys.empty());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  CHECK(space->erase_bulk_legacy(std::vector<std::string>{"c"}).unsuccessful_keys.empty());
#pragma GCC diagnostic pop
  const auto left = space->list_page();
  REQUIRE(left.keys.size() == 1);
  CHECK(left.keys[0].name == "d");
}

CONTRACT_CASE("get_many asks for 101 keys in two requests, for no keys in none, and tells missing from empty",
              "[kv][many]", Embedded, Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  const auto keys = numbered(101);
  space->put(keys[0], "first");
  space->put(keys[99], "");
  space->put(keys[100], "last");
  const auto got = space->get_many(keys);
  REQUIRE(got.outcome.complete());
  CHECK(got.outcome.requests == 2);
  CHECK(got.outcome.items == 101);
  REQUIRE(got.values.size() == 101);
  CHECK(got.values[0]->value == "first");
  CHECK_FALSE(got.values[1].has_value());
  REQUIRE(got.values[99].has_value());
  CHECK(got.values[99]->value.empty());
  CHECK(got.values[100]->value == "last");
  CHECK(space->get_many(numbered(100)).outcome.requests == 1);

  const auto none = space->get_many(std::vector<std::string>());
  CHECK(none.outcome.complete());
  CHECK(none.outcome.requests == 0);
  CHECK(none.values.empty());
}

CONTRACT_CASE("1200 pairs put, listed, read and erased by the _many calls are all there once, then all gone",
              "[kv][many]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const auto keys = numbered(1200);
  const auto put = space->put_many(entries_for(keys));
  REQUIRE(put.complete());
  CHECK(put.succeeded == 1200);
  CHECK(put.requests == 1);

  // The default page is 1000 keys, so this is two of them.
  std::vector<std::string> listed;
  for (const kv::Key& key : space->list()) listed.push_back(key.name);
  CHECK(listed == keys);

  const auto got = space->get_many(keys);
  REQUIRE(got.outcome.complete());
  CHECK(got.outcome.requests == 12);
  REQUIRE(got.values.size() == keys.size());
  std::size_t equal = 0;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (got.values[i] && got.values[i]->value == "value of " + keys[i]) ++equal;
  CHECK(equal == keys.size());

  const auto erased = space->erase_many(keys);
  REQUIRE(erased.complete());
  CHECK(erased.succeeded == 1200);
  CHECK(space->list_page().keys.empty());
}

CONTRACT_CASE("put_many splits by bytes, and every pair arrives", "[kv][many]", Embedded, Real) {
  // wrangler-legacy#465: few pairs, too many bytes.
  const auto space = cloud.fresh_namespace();
  std::vector<kv::Entry> entries;
  for (const auto& key : numbered(20)) entries.push_back({.key = key, .value = std::string(50'000, key.back())});
  const auto put = space->put_many(entries, {.max_request_bytes = 200'000});
  REQUIRE(put.complete());
  // Three pairs of 50 000 bytes and their JSON fit into 200 000 bytes.
  CHECK(put.requests == 7);
  for (const auto& entry : entries) CHECK((space->get(entry.key) == entry.value));
}

CONTRACT_CASE("one pair the server refuses does not hide what happened to the others", "[kv][many]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  auto entries = entries_for(numbered(4));
  entries[2].ttl = 5s;
  const auto put = space->with({.check_limits = false}).put_many(entries);
  CHECK_FALSE(put.complete());
  CHECK(put.items == 4);
  // Every item is either counted or listed, and what is counted is there.
  CHECK(put.succeeded + put.failed.size() == 4);
  std::vector<bool> failed(4);
  for (const auto& failure : put.failed) {
    REQUIRE(failure.index < 4);
    CHECK(failure.name == entries[failure.index].key);
    failed[failure.index] = true;
  }
  CHECK(failed[2]);
  for (std::size_t i = 0; i < 4; ++i)
    if (!failed[i]) CHECK(space->get(entries[i].key) == entries[i].value);
}
