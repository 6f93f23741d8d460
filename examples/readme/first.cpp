// [first]
#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <iostream>

namespace cf = cloudflare;

int main() {
  cf::local::Cloudflare cloud;            // in memory; give it a folder and it stays
  cf::ApiClient client = cloud.client();  // with an account: cf::ApiClient::from_env()
  cf::KvNamespace kv = client.kv(client.kv_namespaces().create("settings").id);
  kv.put("greeting", "hello");
  std::cout << kv.get("greeting").value_or("nothing") << '\n';  // a missing key is nullopt
}
// [/first]
