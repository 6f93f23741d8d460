// How to test code that uses the library: over the embedded store, or over a script of replies.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <iostream>

namespace cf = cloudflare;

// The code under test.
std::string greeting_of(const cf::KvNamespace& kv, const std::string& user) {
  return kv.get("greeting/" + user).value_or("hello");
}

int main() {
  // [embedded]
  cf::local::Cloudflare cloud;
  cf::KvNamespace kv = cloud.client().kv(cloud.client().kv_namespaces().create("test").id);
  kv.put("greeting/ada", "good day");
  const bool works = greeting_of(kv, "ada") == "good day" && greeting_of(kv, "bob") == "hello";
  // [/embedded]

  // [scripted]
  auto fake = std::make_shared<cf::testing::FakeTransport>();
  fake->reply(cf::testing::refused(503, 0, "try later"));  // repeated: reading is safe
  fake->reply({.body = "good day"});
  const cf::ApiClient client{cf::ApiToken{"test"},
                             {.account_id = "account", .transport = fake, .clock = fake->clock()}};
  const bool survives = greeting_of(client.kv("namespace"), "ada") == "good day";
  const bool as_scripted = fake->problems().empty() && fake->requests().size() == 2;
  // [/scripted]

  if (!works || !survives || !as_scripted) std::cerr << fake->problems() << '\n';
  return works && survives && as_scripted ? 0 : 1;
}
