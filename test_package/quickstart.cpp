// One round trip through the embedded store.
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>

int main() {
  cloudflare::local::Cloudflare cloud;
  cloudflare::ApiClient client = cloud.client();
  const cloudflare::KvNamespace kv = client.kv(client.kv_namespaces().create("test").id);
  kv.put("greeting", "hello");
  return kv.get("greeting") == "hello" ? 0 : 1;
}
