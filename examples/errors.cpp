// What a failed call says, with and without exceptions.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

int main() {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();
  const std::string nowhere = "00000000000000000000000000000000";
  bool thrown = false;

  // [throwing]
  try {
    client.kv(nowhere).put("key", "value");
  } catch (const cf::Error& error) {
    thrown = error.kind() == cf::ErrorKind::not_found && error.code() == cf::ErrorCode::kv_namespace_not_found;
    std::cerr << error.what() << '\n';  // operation, kind, HTTP status, code and message, ray id: never a secret
  }
  // [/throwing]

  // [checked]
  cf::Result<std::optional<std::string>> value = client.kv(nowhere).checked().get("key");
  if (!value) std::cerr << cf::to_string(value.error().kind()) << ", ray " << value.error().ray_id() << '\n';
  // [/checked]

  // [limits]
  std::stop_source stop;
  cf::KvNamespace quick = client.kv(nowhere).with({.timeout = 500ms, .max_attempts = 2, .stop = stop.get_token()});
  // [/limits]
  const bool refused = !quick.checked().put("key", "value", {.ttl = 5s});  // at least 60 s: no request is made
  return thrown && !value && refused ? 0 : 1;
}
