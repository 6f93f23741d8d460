// Values and what is stored beside them: bytes, metadata, expiration.

#include <chrono>

#include "contract/counterpart.hpp"

using namespace contract;
using namespace std::chrono_literals;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
using cloudflare::KvNamespace;
using Json = nlohmann::json;
namespace kv = cloudflare::kv;

namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

const std::string end_of_part =  // NOLINT(cert-err58-cpp)
    "\r\n--boundary--\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{}\r\n--";

std::chrono::sys_seconds now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

kv::Key listed(const KvNamespace& space, const std::string& name) {
  for (const kv::Key& key : space.list({.prefix = name}))
    if (key.name == name) return key;
  throw std::logic_error(name + " is not in the list");
}

}  // namespace

CONTRACT_CASE("storing the bytes 00 to FF and reading them back gives the same 256 bytes", "[kv][value]", Embedded,
              Real, Explorer) {
  // workers-sdk#1254, #1273; workers-rs#101; wrangler-legacy#1794
  const auto space = cloud.fresh_namespace();
  space->put("bytes", all_bytes());
  CHECK(space->get("bytes") == all_bytes());

  std::string streamed;
  const auto read =
      space->get_to("bytes", cloudflare::sink_to([&streamed](std::string_view piece) { streamed.append(piece); }));
  REQUIRE(read.has_value());
  CHECK(read->size == 256);
  CHECK(streamed == all_bytes());
}

CONTRACT_CASE("all 256 byte values, and bytes that look like the end of a part, survive a put with metadata",
              "[kv][value]", Embedded, Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  space->put("bytes", all_bytes(), {.metadata = {{"a", 1}}});
  CHECK(space->get("bytes") == all_bytes());
  space->put("tricky", end_of_part, {.metadata = {{"a", 1}}});
  CHECK(space->get("tricky") == end_of_part);
}

CONTRACT_CASE("all 256 byte values survive a bulk put and get_many", "[kv][value][bulk]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  REQUIRE(
      space->put_many({{.key = "bytes", .value = all_bytes()}, {.key = "tricky", .value = end_of_part}}).complete());
  CHECK(space->get("bytes") == all_bytes());
  const auto many = space->get_many(std::vector<std::string>{"bytes", "tricky", "none"});
  REQUIRE(many.outcome.complete());
  REQUIRE(many.values.size() == 3);
  CHECK(many.values[0]->value == all_bytes());
  CHECK(many.values[1]->value == end_of_part);
  CHECK_FALSE(many.values[2].has_value());
}

CONTRACT_CASE("a value that happens to be JSON comes back as the exact text, never parsed", "[kv][value]", Embedded,
              Real, Explorer) {
  // workers-sdk#359; cloudflare-go#3911. The last one looks like an envelope, and like an error.
  const auto space = cloud.fresh_namespace();
  for (
      const std::string value :
      {R"({"a":1})", "123", "1e2", R"("x")", "null", "[ 1,\n2 ]", " {\"b\" : 0.10}",
       R"({"success":false,"errors":[{"code":10009,"message":"get: 'key not found'"}],"messages":[],"result":null})"}) {
    CAPTURE(value);
    space->put("json", value);
    CHECK(space->get("json") == value);
  }
}

CONTRACT_CASE("a value of 0 bytes and a value of one newline survive, and differ from a missing key", "[kv][value]",
              Embedded, Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  for (const std::string value : {"", "\n", "\r\n", " "}) {
    CAPTURE(value.size());
    space->put("small", value);
    CHECK(space->get("small") == value);
  }
  space->put("nul", std::string(1, '\0'));
  CHECK(space->get("nul") == std::string(1, '\0'));
  CHECK(space->get("missing") == std::nullopt);
}

CONTRACT_CASE("a put with metadata stores the value, not the whole form", "[kv][metadata]", Embedded, Real, Explorer) {
  // cloudflare-typescript#2638, #2664; cloudflare-python#2519
  const auto space = cloud.fresh_namespace();
  space->put("k", "the value", {.metadata = {{"lang", "en"}, {"n", 2}}});
  CHECK(space->get("k") == "the value");
  CHECK(listed(*space, "k").metadata.as<Json>() == Json{{"lang", "en"}, {"n", 2}});
}

CONTRACT_CASE("a put without metadata stores the bytes even if they look like a form", "[kv][metadata]", Embedded, Real,
              Explorer) {
  const auto space = cloud.fresh_namespace();
  const std::string form = "--x\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\nv\r\n--x--\r\n";
  space->put("k", form);
  CHECK(space->get("k") == form);
  CHECK(listed(*space, "k").metadata.empty());
}

CONTRACT_CASE("empty metadata is left out instead of being sent as an empty string", "[kv][metadata]", Embedded, Real) {
  // mastra#22204: 400, and the value was lost.
  const auto space = cloud.fresh_namespace();
  space->put("k", "v", {.metadata = cloudflare::Metadata()});
  CHECK(space->get("k") == "v");
  const auto metadata = space->metadata("k");
  REQUIRE(metadata.has_value());
  CHECK(metadata->empty());
  CHECK(listed(*space, "k").metadata.empty());
  CHECK_FALSE(space->metadata("missing").has_value());
}

CONTRACT_CASE("metadata written in a single put and in a bulk put are equal when read back and when listed",
              "[kv][metadata]", Embedded, Real) {
  // cloudflare-go#3060; workers-sdk#1441
  const auto space = cloud.fresh_namespace();
  const std::vector<Json> documents = {
      Json::object(),
      {{"a", 1}, {"b", {1, 2.5, nullptr, true, "x"}}, {"ключ", "\"quoted\"\n"}},
      Json::array({1, 2}),
      Json("text"),
      Json(""),
      Json(0),
      Json(-1.25),
      Json(false),
  };
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const Json& document = documents[i];
    CAPTURE(document.dump());
    const std::string single = "single " + std::to_string(i);
    const std::string bulk = "bulk " + std::to_string(i);
    space->put(single, "v", {.metadata = document});
    const std::vector<kv::Entry> entries = {{.key = bulk, .value = "v", .metadata = document}};
    REQUIRE(space->put_bulk(entries).unsuccessful_keys.empty());

    CHECK(space->metadata(single)->as<Json>() == document);
    CHECK(space->metadata(bulk)->as<Json>() == document);
    CHECK(listed(*space, single).metadata.as<Json>() == document);
    CHECK(listed(*space, bulk).metadata.as<Json>() == document);
    const auto got = space->get_bulk(std::vector<std::string>{single, bulk}, {.with_metadata = true});
    REQUIRE(got.size() == 2);
    CHECK(got[0]->metadata.as<Json>() == document);
    CHECK(got[1]->metadata.as<Json>() == document);
  }
}

CONTRACT_CASE("a later put without metadata and expiration removes both", "[kv][metadata][expiration]", Embedded,
              Real) {
  const auto space = cloud.fresh_namespace();
  space->put("k", "old", {.ttl = 1h, .metadata = {{"a", 1}}});
  space->put("k", "new");
  const auto value = space->get_with_metadata("k");
  REQUIRE(value.has_value());
  CHECK(value->value == "new");
  CHECK(value->metadata.empty());
  CHECK_FALSE(value->expiration.has_value());
  CHECK_FALSE(space->get_with_metadata("missing").has_value());
}

CONTRACT_CASE("metadata above 1024 bytes is refused before sending, and by the server with 413", "[kv][metadata]",
              Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  // With its quotation marks 1024 bytes, then 1025.
  space->put("k", "v", {.metadata = std::string(1022, 'm')});
  const kv::PutOptions too_long{.metadata = std::string(1023, 'm')};
  const auto local = error_of([&] { space->put("k", "v", too_long); });
  CHECK(local.kind() == ErrorKind::invalid_argument);
  CHECK(local.attempts() == 0);
  CHECK_THAT(local.what(), Catch::Matchers::ContainsSubstring("1024"));
  const auto remote = error_of([&] { space->with({.check_limits = false}).put("k", "v", too_long); });
  CHECK(remote.kind() == ErrorKind::rejected);
  CHECK(remote.http_status() == 413);
}

CONTRACT_CASE("the expiration is told by get, get_to, list and bulk get, and is the same instant everywhere",
              "[kv][expiration]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const auto wanted = now() + 24h;
  space->put("at", "v", {.expiration = wanted});
  const std::vector<kv::Entry> entries = {{.key = "bulk", .value = "v", .expiration = wanted}};
  REQUIRE(space->put_bulk(entries).unsuccessful_keys.empty());
  space->put("never", "v");
  for (const std::string key : {"at", "bulk"}) {
    CAPTURE(key);
    CHECK(space->get_with_metadata(key)->expiration == wanted);
    CHECK(space->get_to(key, cloudflare::sink_to([](std::string_view) {}))->expiration == wanted);
    CHECK(listed(*space, key).expiration == wanted);
    CHECK(space->get_bulk(std::vector<std::string>{key}, {.with_metadata = true})[0]->expiration == wanted);
  }
  CHECK_FALSE(space->get_with_metadata("never")->expiration.has_value());
  CHECK_FALSE(listed(*space, "never").expiration.has_value());
}

CONTRACT_CASE("when ttl and expiration are both given the ttl wins, singly and in bulk", "[kv][expiration]", Embedded,
              Real) {
  const auto space = cloud.fresh_namespace();
  const auto before = now();
  space->put("single", "v", {.ttl = 10min, .expiration = before + 24h});
  const std::vector<kv::Entry> entries = {{.key = "bulk", .value = "v", .ttl = 10min, .expiration = before + 24h}};
  REQUIRE(space->put_bulk(entries).unsuccessful_keys.empty());
  for (const std::string key : {"single", "bulk"}) {
    CAPTURE(key);
    const auto expiration = listed(*space, key).expiration;
    REQUIRE(expiration.has_value());
    // The server counts from its own clock, at some instant during the call.
    CHECK(*expiration >= before + 10min - 1min);
    CHECK(*expiration < before + 1h);
  }
}

CONTRACT_CASE("a ttl under 60 s is refused before sending, and by the server with 10034", "[kv][expiration]", Embedded,
              Real) {
  const auto space = cloud.fresh_namespace();
  const auto unchecked = space->with({.check_limits = false});
  for (const auto ttl : {59s, 1s}) {
    CAPTURE(ttl.count());
    const auto local = error_of([&] { space->put("k", "v", {.ttl = ttl}); });
    CHECK(local.kind() == ErrorKind::invalid_argument);
    CHECK(local.attempts() == 0);
    CHECK_THAT(local.what(), Catch::Matchers::ContainsSubstring("60"));

    const auto remote = error_of([&] { unchecked.put("k", "v", {.ttl = ttl}); });
    CHECK(remote.kind() == ErrorKind::rejected);
    CHECK(remote.http_status() == 400);
    CHECK(remote.code() == ErrorCode::kv_expiration_invalid);
    const std::vector<kv::Entry> entries = {{.key = "k", .value = "v", .ttl = ttl}};
    const auto bulk = error_of([&] { (void)unchecked.put_bulk(entries); });
    CHECK(bulk.kind() == ErrorKind::rejected);
    CHECK(bulk.code() == ErrorCode::kv_expiration_invalid);
  }
  CHECK(space->get("k") == std::nullopt);
  space->put("k", "v", {.ttl = 60s});
  CHECK(space->get("k") == "v");
}

CONTRACT_CASE("an expiration in the past is refused by the server with 400", "[kv][expiration]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const auto unchecked = space->with({.check_limits = false});
  const auto error = error_of([&] { unchecked.put("k", "v", {.expiration = now() - 1h}); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.http_status() == 400);
  CHECK(space->get("k") == std::nullopt);
}

CONTRACT_CASE("erasing what is not there succeeds", "[kv]", Embedded, Real, Explorer) {
  const auto space = cloud.fresh_namespace();
  space->erase("never there");
  space->put("k", "v");
  space->erase("k");
  space->erase("k");
  CHECK(space->get("k") == std::nullopt);
}

CONTRACT_CASE("a value of 25 MiB is accepted and comes back whole; one byte more is refused, by the server with 413",
              "[kv][value]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  std::string value(cloudflare::limits::kv_value_bytes, '\0');
  std::uint32_t state = 1;
  for (char& byte : value) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  space->put("big", value);
  // Not CHECK(a == b): a failure would print both.
  CHECK((space->get("big") == value));

  value.push_back('x');
  const auto local = error_of([&] { space->put("big", value); });
  CHECK(local.kind() == ErrorKind::invalid_argument);
  CHECK(local.attempts() == 0);
  const auto remote = error_of([&] { space->with({.check_limits = false}).put("big", value); });
  CHECK(remote.kind() == ErrorKind::rejected);
  CHECK(remote.http_status() == 413);
  value.pop_back();
  CHECK((space->get("big") == value));
}

CONTRACT_CASE("get_text and get_into give what get and get_with_metadata give", "[kv][values]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"text", "t\xC3\xBC\n"}, {"empty", ""}, {"bytes", bytes}, {"json", "{\"a\": 1}"}, {"fffd", "\xEF\xBF\xBD"}};
  for (const auto& [key, value] : pairs) {
    CAPTURE(key);
    space->put(key, value, {.ttl = std::chrono::hours(1), .metadata = {{"of", key}}});
    const auto text = space->get_text(key);
    const auto exact = space->get_with_metadata(key);
    REQUIRE((text && exact));
    CHECK(text->value == value);
    CHECK(text->metadata.text() == exact->metadata.text());
    CHECK(text->expiration == exact->expiration);
    CHECK(text->expiration.has_value());
    std::string buffer(value.size(), '.');
    CHECK(space->get_into(key, buffer) == value.size());
    CHECK(buffer == value);
  }
  CHECK_FALSE(space->get_text("missing").has_value());
  CHECK_FALSE(space->get_into("missing", std::span<char>()).has_value());
  std::string small(255, '.');
  CHECK(error_of([&] { (void)space->get_into("bytes", small); }).kind() == cloudflare::ErrorKind::too_large);
}
