#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>

#include "unit.hpp"

int main() {
  cloudflare::local::Cloudflare cloud;
  cloudflare::ApiClient client = cloud.client();
  auto kv = client.kv(client.kv_namespaces().create("mixed").id);
  plain::write(kv);
  if (!diagnostics::read(kv)) return 1;
  diagnostics::write(kv);
  return plain::read(kv) ? 0 : 2;
}
