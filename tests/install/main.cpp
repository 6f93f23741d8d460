// The program of the foreign projects: one round trip through each library.
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/files.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include <sstream>

int main() {
  cloudflare::local::Cloudflare cloud;
  cloudflare::ApiClient client = cloud.client();
  auto settings = client.kv(client.kv_namespaces().create("settings").id);
  settings.put("greeting", "hello", {.metadata = {{"lang", "en"}}});
  if (settings.get("greeting") != "hello") return 1;

  std::istringstream lines("{\"key\":\"from a file\",\"value\":\"hello\"}\n");
  if (!settings.put_many(cloudflare::kv::read_ndjson(lines)).complete()) return 5;
  if (settings.get("from a file") != "hello") return 4;

  // An exception must be caught by its type across the library's border.
  try {
    settings.put("", "a key may not be empty");
    return 2;
  } catch (const cloudflare::Error& error) {
    return error.kind() == cloudflare::ErrorKind::invalid_argument ? 0 : 3;
  }
}
