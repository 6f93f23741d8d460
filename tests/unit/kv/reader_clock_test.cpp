// Windows and deadlines of kv::Reader pass by the client's clock, which here jumps to whatever is waited for.

#include <cloudflare/kv/reader.hpp>

#include <future>

#include "unit/engine/core_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;
using cf::kv::Reader;
using nlohmann::json;

namespace {

/// A namespace that has "v" under every key and takes `pause` to answer.
struct Slow {
  std::shared_ptr<FakeTransport> fake = std::make_shared<FakeTransport>();

  explicit Slow(std::chrono::milliseconds pause) {
    fake->answer_with([pause](const cf::testing::SentRequest& sent) {
      if (sent.method == "GET") return FakeReply{.body = "v", .after = pause};
      const auto keys = json::parse(sent.body).at("keys").get<std::vector<std::string>>();
      json values = json::object();
      for (const std::string& key : keys) values[key] = "v";
      FakeReply reply = ok(json{{"values", values}}.dump());
      reply.after = pause;
      return reply;
    });
  }
  [[nodiscard]] cf::KvNamespace kv() const {
    return cf::ApiClient(
               cf::ApiToken("token"),
               {.account_id = "acc", .timeout = 30s, .max_attempts = 1, .transport = fake, .clock = fake->clock()})
        .kv("ns");
  }
  [[nodiscard]] cf::Clock::time_point now() const { return fake->clock()->now(); }
};

}  // namespace

TEST_CASE("the window of a Reader passes by the client's clock") {
  const Slow slow(0s);
  const Reader reader(slow.kv(), {.window = 2s});
  const auto before = slow.now();
  CHECK(reader.get("a") == "v");
  CHECK(slow.now() - before == 2s);
}

TEST_CASE("the deadline of a read passes by the client's clock, and no later than the handle's") {
  const Slow slow(10s);
  const Reader reader(slow.kv(), {.window = 1s});
  auto before = slow.now();
  CHECK(reader.get("a", {.timeout = 12s}) == "v");
  CHECK(slow.now() - before == 11s);
  before = slow.now();
  const auto late = reader.checked_get("a", {.timeout = 8s});
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().kind() == ErrorKind::timeout);
  CHECK(slow.now() - before == 8s);
  const Reader hasty(slow.kv().with({.timeout = 5s}), {.window = 1s});
  before = slow.now();
  CHECK(hasty.checked_get("a", {.timeout = std::chrono::milliseconds::max()}).error().kind() == ErrorKind::timeout);
  CHECK(slow.now() - before == 5s);
  // The window alone is longer than the deadline, so nothing is sent.
  const std::size_t requests = slow.fake->requests().size();
  CHECK(reader.checked_get("a", {.timeout = 500ms}).error().kind() == ErrorKind::timeout);
  CHECK(slow.fake->requests().size() == requests);
}

TEST_CASE("reads of many threads whose replies take long by a clock that jumps all have their values") {
  const Slow slow(20s);
  const Reader reader(slow.kv().with({.timeout = 1h}), {.window = 1ms, .max_keys = 5});  // time for all in turn
  std::vector<std::future<std::optional<std::string>>> reads;
  for (int i = 0; i < 40; ++i)
    reads.push_back(std::async(std::launch::async, [&reader, i] { return reader.get("k" + std::to_string(i)); }));
  for (auto& read : reads) CHECK(read.get() == "v");
}

TEST_CASE("a stop token that was triggered before ends a read, and no time passes") {
  const Slow slow(0s);
  const Reader reader(slow.kv(), {.window = 1s});
  std::stop_source stop;
  stop.request_stop();
  const auto before = slow.now();
  CHECK(reader.checked_get("a", {.stop = stop.get_token()}).error().kind() == ErrorKind::cancelled);
  CHECK((slow.now() == before && slow.fake->requests().empty() && reader.waiting() == 0));
}

TEST_CASE("windows and timeouts without end do not overflow") {
  const Slow slow(0s);
  const auto patient = slow.kv().with({.timeout = std::chrono::milliseconds::max()});
  const Reader endless(patient, {.window = std::chrono::microseconds::max(), .max_keys = 1});
  CHECK(endless.get("a") == "v");
}
