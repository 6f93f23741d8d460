// [offline]
#include <cassert>
#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_transport.hpp>

namespace cf = cloudflare;

std::string greeting_of(const cf::KvNamespace& kv, const std::string& user) {  // your code
  return kv.get("greeting/" + user).value_or("hello");
}

int main() {
  cf::local::Cloudflare cloud;  // a real store, with Cloudflare's limits and error codes
  cf::KvNamespace kv = cloud.client().kv(cloud.client().kv_namespaces().create("test").id);
  kv.put("greeting/ada", "good day");
  assert(greeting_of(kv, "ada") == "good day" && greeting_of(kv, "bob") == "hello");

  auto fake = std::make_shared<cf::testing::FakeTransport>();  // or a script of replies, on a clock that does not wait
  fake->reply(cf::testing::refused(503, 0, "try later"));
  fake->reply({.body = "good day"});
  cf::ApiClient client(cf::ApiToken("test"), {.account_id = "a", .transport = fake, .clock = fake->clock()});
  assert(greeting_of(client.kv("n"), "ada") == "good day");  // reads are repeated
}
// [/offline]
