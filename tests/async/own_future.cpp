// Waits for a future on the thread that should make it ready: debug builds must say so instead of hanging.

#include <cloudflare/async.hpp>
#include <cloudflare/testing/fake_transport.hpp>

#include <csignal>
#include <cstdlib>

int main() {
  std::signal(SIGABRT, [](int) { std::_Exit(0); });  // ctest judges by what the assertion printed
  namespace cf = cloudflare;
  const auto fake = std::make_shared<cf::testing::FakeTransport>();
  fake->answer_with([](const auto&) { return cf::testing::FakeReply{.body = "v"}; });
  const cf::ApiClient client(cf::ApiToken("t"), {.account_id = "a", .transport = fake, .clock = fake->clock()});
  const auto kv = client.kv("ns").async();
  kv.get("k").start([&](const auto&) { (void)kv.get("k").as_future().get(); });
  kv.get("k").as_future().wait();
}
