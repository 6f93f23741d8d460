// [kv]
#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <iostream>
#include <map>

namespace cf = cloudflare;
using namespace std::chrono_literals;

struct Settings {
  std::string theme{};
  int size = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Settings, theme, size)

int main() {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();
  cf::KvNamespace kv = client.kv(client.kv_namespaces().ensure("settings").item.id);  // found, or created

  kv.put("greeting", "hello", {.ttl = 1h, .metadata = {{"lang", "en"}}});  // values are bytes, and stay what they are
  for (const cf::kv::Key& key : kv.list({.prefix = "gree"}))               // all pages
    std::cout << key.name << ' ' << key.metadata.text() << '\n';
  kv.erase("greeting");

  kv.put_json("user/1", Settings{"dark", 12});
  std::cout << kv.get_as<Settings>("user/1").value().theme << '\n';

  std::map<std::string, std::string> pairs;
  for (int i = 0; i < 25'000; ++i) pairs["key/" + std::to_string(i)] = "value " + std::to_string(i);
  const cf::kv::BulkResult done = kv.put_many(pairs);  // any range, packed into the fewest requests
  std::cout << done.succeeded << " pairs, " << done.requests << " requests\n";
  for (const cf::ItemFailure& failure : done.failed) std::cerr << failure.name << ": " << failure.error.what() << '\n';

  kv.put("source", cf::Body::file(__FILE__));  // read while it is sent
  if (kv.get_to_file("source", "copy-of-source")) std::cout << "copied\n";
}
// [/kv]
