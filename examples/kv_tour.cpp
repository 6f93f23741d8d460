// A tour of Workers KV over the embedded store: no account, no network.

#include <array>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <iostream>
#include <map>

namespace cf = cloudflare;
using namespace std::chrono_literals;

struct Settings {
  std::string theme;
  int size = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Settings, theme, size)

int main() {
  // [store]
  cf::local::Cloudflare cloud;            // in memory; give it a folder and it stays
  cf::ApiClient client = cloud.client();  // with an account: cf::ApiClient::from_env()
  cf::KvNamespace kv = client.kv(client.kv_namespaces().create("settings").id);
  // [/store]

  // [basics]
  kv.put("greeting", "hello", {.ttl = 1h, .metadata = {{"lang", "en"}}});
  if (std::optional<std::string> hit = kv.get("greeting")) std::cout << *hit << '\n';  // a missing key is nullopt
  for (const cf::kv::Key& key : kv.list({.prefix = "gree"}))
    std::cout << key.name << ' ' << key.metadata.text() << '\n';
  kv.erase("greeting");
  // [/basics]

  // [json]
  kv.put_json("user/1", Settings{"dark", 12});
  const Settings settings = kv.get_as<Settings>("user/1").value();
  // [/json]

  // [bulk]
  std::map<std::string, std::string> pairs;
  for (int i = 0; i < 25'000; ++i) pairs["key/" + std::to_string(i)] = "value " + std::to_string(i);
  const cf::kv::BulkResult done = kv.put_many(pairs);  // 3 requests of up to 10 000 pairs, several under way at once
  for (const cf::ItemFailure& failure : done.failed) std::cerr << failure.name << ": " << failure.error.what() << '\n';
  // [/bulk]

  // [streams]
  kv.put("readme", cf::Body::file(__FILE__));  // read while sending
  std::size_t bytes = 0;
  const auto streamed = kv.get_to("readme", cf::sink_to([&](std::string_view piece) { bytes += piece.size(); }));
  // [/streams]

  // [text]
  kv.put("motto", "festina lente", {.ttl = 1h, .metadata = {{"lang", "la"}}});
  const std::optional<cf::kv::Value> motto = kv.get_text("motto");  // value, metadata and expiration together
  std::array<char, 64> buffer{};
  const std::optional<std::size_t> size = kv.get_into("motto", buffer);  // an error names both sizes if it is too small
  // [/text]

  // [ensure]
  const cf::Ensured<cf::kv::Namespace> users =
      client.kv_namespaces().ensure("users", {.jurisdiction = cf::kv::Jurisdiction::eu});  // found, or created
  cf::KvNamespace space = client.kv(users.item.id);
  // [/ensure]

  const bool again = users.created && !client.kv_namespaces().ensure("users").created && !space.get("motto");
  const bool read = motto && motto->value == "festina lente" && motto->expiration && size == motto->value.size();
  const bool good = again && read && settings.theme == "dark" && done.complete() && done.requests == 3 &&
                    !kv.get("greeting") && streamed && streamed->size == bytes && bytes > 1000;
  return good ? 0 : 1;
}
