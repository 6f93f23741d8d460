// [errors]
#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

int main() {
  cf::local::Cloudflare cloud;
  cf::KvNamespace kv = cloud.client().kv("00000000000000000000000000000000");  // there is no such namespace
  try {
    kv.put("key", "value");
  } catch (const cf::Error& error) {  // the only exception type
    if (error.kind() == cf::ErrorKind::not_found) std::cout << "no such namespace\n";
    std::cerr << error.what() << '\n';  // operation, kind, HTTP status, code and message, ray id: never a secret
  }

  cf::Result<std::optional<std::string>> value = kv.checked().get("key");  // every operation, without exceptions
  if (!value) std::cout << cf::to_string(value.error().kind()) << '\n';

  std::stop_source stop;  // one deadline for a call with all its attempts; a stop token ends it within 100 ms
  const auto quick = kv.with({.timeout = 500ms, .max_attempts = 2, .stop = stop.get_token()});
  stop.request_stop();
  std::cout << cf::to_string(quick.checked().get("key").error().kind()) << '\n';
}
// [/errors]
