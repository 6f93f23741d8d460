// kv::Reader against servers: each of many concurrent reads gives what a single get gives.

#include <cloudflare/kv/reader.hpp>

#include <future>

#include "contract/counterpart.hpp"

using namespace contract;
using namespace std::chrono_literals;
namespace kv = cloudflare::kv;

CONTRACT_CASE("reads of many threads through a Reader give what single reads give", "[kv][reader]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const std::vector<kv::Entry> entries = {
      {.key = "text", .value = "t"},           {.key = "empty", .value = ""},
      {.key = "bytes", .value = bytes},        {.key = "json", .value = "{\"a\": 1}"},
      {.key = "ключ/ %2F", .value = "ключ\n"}, {.key = "fffd", .value = "\xEF\xBF\xBD"}};
  REQUIRE(space->put_many(entries).complete());
  std::vector<std::string> keys = {"missing", "also missing", "not\xFFtext", "."};
  for (const kv::Entry& entry : entries) keys.push_back(entry.key);
  const kv::Reader reader(*space, {.window = 20ms});
  std::vector<std::future<cloudflare::Result<std::optional<std::string>>>> reads;
  for (int round = 0; round < 3; ++round)
    for (const std::string& key : keys)
      reads.push_back(std::async(std::launch::async, [&] { return reader.checked_get(key); }));
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto together = reads[i].get();
    const auto alone = space->checked().get(keys[i % keys.size()]);
    INFO(keys[i % keys.size()]);
    REQUIRE(together.has_value() == alone.has_value());
    if (alone)
      CHECK(*together == *alone);
    else
      CHECK(together.error().kind() == alone.error().kind());
  }
}

CONTRACT_CASE("a namespace that does not exist is the same error in every read", "[kv][reader]", Embedded, Real) {
  const kv::Reader reader(cloud.client().kv("00000000000000000000000000000000"), {.window = 20ms});
  auto first = std::async(std::launch::async, [&] { return reader.checked_get("a"); });
  const auto second = reader.checked_get("b");
  for (const auto& read : {first.get(), second}) {
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind() == cloudflare::ErrorKind::not_found);
  }
}
