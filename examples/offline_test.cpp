// How to test code that uses the library: over the embedded store, or over a script of replies.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <cloudflare/testing/recording.hpp>
#include <cstdio>
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

  const std::string path = "offline_test.ndjson";
  // [record]
  auto recorder = std::make_shared<cf::testing::RecordingTransport>(path, cloud.transport());  // null: over the network
  const cf::ApiClient recorded{cf::ApiToken{"secret"}, {.account_id = cloud.account_id(), .transport = recorder}};
  const std::string id = recorded.kv_namespaces().create("recorded").id;
  recorded.kv(id).put("greeting/ada", "good day");
  const bool greets = greeting_of(recorded.kv(id), "ada") == "good day";
  // [/record]

  // [replay]
  auto replay = std::make_shared<cf::testing::ReplayTransport>(path);
  const cf::ApiClient replayed{cf::ApiToken{"none"}, {.account_id = "local", .transport = replay}};
  const std::string same_id = replayed.kv_namespaces().create("recorded").id;
  replayed.kv(same_id).put("greeting/ada", "good day");
  const bool again = greeting_of(replayed.kv(same_id), "ada") == "good day" && replay->problems().empty();
  // [/replay]
  std::remove(path.c_str());
  if (!greets || !again) return 1;

  if (!works || !survives || !as_scripted) std::cerr << fake->problems() << '\n';
  return works && survives && as_scripted ? 0 : 1;
}
