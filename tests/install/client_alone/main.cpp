// A user of the client alone, on a machine without SQLite's development files.
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/testing/fake_transport.hpp>

int main() {
  const cloudflare::ApiClient client(cloudflare::ApiToken("token"), {.account_id = "account"});
  try {
    (void)client.kv("namespace").get("");
    return 1;
  } catch (const cloudflare::Error& error) {
    return error.kind() == cloudflare::ErrorKind::invalid_argument ? 0 : 2;
  }
}
