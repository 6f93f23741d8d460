#include "all_headers.hpp"

bool other_unit(cloudflare::ApiClient& client);

int main() {
  cloudflare::local::Cloudflare cloud;
  cloudflare::ApiClient client = cloud.client();
  return other_unit(client) && client.kv_namespaces().find("made elsewhere") ? 0 : 1;
}
