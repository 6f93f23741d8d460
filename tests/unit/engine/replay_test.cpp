// The engine by a seed: operations begin, pause, are stopped, run out of time and are shut down at random moments of a
// fake clock, over a server that loses, refuses and delays. Each ends once, what it says of its write is true, and the
// same seed tells the same story again.

#include <array>
#include <cloudflare/async/operation.hpp>
#include <map>
#include <random>

#include "core_support.hpp"
#include "engine/client_core.hpp"
#include "engine/loop.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::detail::Repeat;

namespace {

constexpr std::array<cf::detail::Endpoint, 3> endpoints{{
    {.name = "replay.read", .method = "GET", .repeat = Repeat::read},
    {.name = "replay.put", .method = "PUT", .repeat = Repeat::idempotent},
    {.name = "replay.post", .method = "POST", .repeat = Repeat::once},
}};

/// What is known of an operation.
struct Facts {
  Repeat repeat = Repeat::read;
  cf::TimePoint deadline{};
  std::stop_source stop{};
  bool stopped = false;  ///< Before the current turn.
  int executed = 0;      ///< By the server.
  int ended = 0;
  std::optional<cf::Error> error{};
};

/// One request, after a pause or at once.
class OneRequest final : public cf::detail::Flow {
 public:
  OneRequest(int id, const cf::detail::Endpoint& endpoint, std::chrono::milliseconds pause)
      : id_(id), endpoint_(endpoint), pause_(pause) {}

  void begin(cf::detail::Outbox& out) override {
    if (pause_ == 0ms) return send(out);
    out.wake_after(pause_);
  }
  void on_wake(cf::detail::Outbox& out) override { send(out); }
  void on_reply(unsigned, cf::Result<cf::detail::Reply>&& reply, cf::detail::Outbox&) override {
    finished_ = true;
    if (!reply) error_ = reply.error();
  }
  void abort(cf::Error error) override {
    REQUIRE_FALSE(finished_);
    finished_ = true;
    error_ = std::move(error);
  }
  [[nodiscard]] bool finished() const noexcept override { return finished_; }
  [[nodiscard]] const cf::Error* ended_by() const noexcept override { return error_ ? &*error_ : nullptr; }
  [[nodiscard]] int id() const noexcept { return id_; }

 private:
  void send(cf::detail::Outbox& out) {
    cf::detail::Request request{.endpoint = &endpoint_, .repeat = endpoint_.repeat};
    request.http.method = endpoint_.method;
    request.http.url = "/" + std::to_string(id_);
    request.http.reply_limit = 1'000;
    out.send(0, std::move(request));
  }

  int id_;
  const cf::detail::Endpoint& endpoint_;
  std::chrono::milliseconds pause_;
  bool finished_ = false;
  std::optional<cf::Error> error_{};
};

class Pending final : public cf::detail::PendingOperation {
 public:
  explicit Pending(std::unique_ptr<OneRequest> flow) : flow_(std::move(flow)) {}
  [[nodiscard]] cf::detail::Flow& flow() noexcept override { return *flow_; }
  [[nodiscard]] const OneRequest& request() const noexcept { return *flow_; }
  void complete() override {}

 private:
  std::unique_ptr<OneRequest> flow_;
};

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    fake_->answer_with(
        [this](const auto& sent) { return answer(std::stoi(sent.url.substr(sent.url.rfind('/') + 1))); });
    cf::ClientOptions options{.account_id = "acc", .max_attempts = 4};
    options.transport = fake_;
    options.clock = fake_->clock();
    core_ = std::make_shared<cf::detail::ClientCore>(cf::ApiToken("token"), std::move(options));
    core_->seed(seed);
    loop_ = std::make_unique<cf::detail::Loop>(*core_);
  }

  /// What happened, line by line.
  std::string tell() {
    for (int step = 0; step < 150; ++step) {
      switch (below(8)) {
        case 0:
        case 1:
        case 2: begin(); break;
        case 3: stop(); break;
        case 4: fake_->clock()->advance(std::chrono::milliseconds(below(3'000))); break;
        default: turn();
      }
    }
    if (below(2) == 0) loop_->cancel_all("the client was closed");
    while (!loop_->idle()) turn();
    judge();
    return story_;
  }

  [[nodiscard]] const std::map<int, Facts>& operations() const noexcept { return operations_; }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::chrono::milliseconds some_time() {
    constexpr std::array times{0ms, 0ms, 7ms, 400ms, 5'000ms, 50'000ms};
    return times[static_cast<std::size_t>(below(times.size()))];
  }
  void note(int id, const std::string& text) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(fake_->clock()->now().time_since_epoch());
    story_ += std::to_string(now.count()) + " " + std::to_string(id) + " " + text + "\n";
  }

  void begin() {
    const int id = static_cast<int>(operations_.size());
    const auto& endpoint = endpoints[static_cast<std::size_t>(below(3))];
    auto pending = std::make_unique<Pending>(std::make_unique<OneRequest>(id, endpoint, some_time()));
    const auto timeout = 1ms + some_time();
    Facts& facts = operations_[id];
    facts.repeat = endpoint.repeat;
    facts.deadline = fake_->clock()->now() + timeout;
    pending->call = {.timeout = timeout, .stop = facts.stop.get_token()};
    note(id, "begins");
    loop_->add(std::move(pending));
    collect();
  }
  void stop() {
    if (operations_.empty()) return;
    const int id = below(static_cast<int>(operations_.size()));
    note(id, "is stopped");
    operations_[id].stopped = true;
    operations_[id].stop.request_stop();
  }
  void turn() {
    if (!loop_->idle()) loop_->turn();
    collect();
  }
  void collect() {
    for (const auto& pending : loop_->take_finished()) {
      const OneRequest& request = dynamic_cast<const Pending&>(*pending).request();
      Facts& facts = operations_[request.id()];
      ++facts.ended;
      if (request.ended_by() != nullptr) facts.error = *request.ended_by();
      note(request.id(), facts.error ? facts.error->what() : "succeeds");
    }
  }

  // The server's side.
  FakeReply answer(int id) {
    Facts& facts = operations_.at(id);
    CHECK(fake_->clock()->now() < facts.deadline);  // nothing is sent after the deadline, a stop or the end
    CHECK_FALSE(facts.stopped);
    CHECK(facts.ended == 0);
    FakeReply reply = ok("null");
    const int kind = below(8);
    bool executed = kind > 3;
    if (kind == 0) reply = no_connection();
    if (kind == 1) reply = refused(429, 971, "slow down");
    if (kind == 1 && below(2) == 0) reply.headers = {{"Retry-After", std::to_string(below(20))}};
    if (kind == 2) reply = refused(400, 10'001, "no");
    if (kind == 3) {
      reply = cut();
      executed = below(2) == 0;
    }
    reply.after = some_time();
    facts.executed += executed ? 1 : 0;
    note(id, "is sent, kind " + std::to_string(kind) + (executed ? ", executed" : ""));
    return reply;
  }

  void judge() const {
    for (const auto& [id, facts] : operations_) {
      INFO("operation " << id << " of\n" << story_);
      CHECK(facts.ended == 1);
      if (facts.repeat == Repeat::once) CHECK(facts.executed <= 1);
      if (!facts.error) CHECK(facts.executed >= 1);
      if (facts.error && facts.repeat != Repeat::read && !facts.error->outcome_unknown()) CHECK(facts.executed == 0);
    }
  }

  std::mt19937 random_;
  std::shared_ptr<FakeTransport> fake_ = std::make_shared<FakeTransport>();
  std::shared_ptr<cf::detail::ClientCore> core_{};
  std::unique_ptr<cf::detail::Loop> loop_{};
  std::map<int, Facts> operations_{};
  std::string story_{};
};

}  // namespace

TEST_CASE("the engine, by a seed: each operation ends once, truthfully, and the same seed tells the same story") {
  std::map<std::string, int> ends;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    World world(seed);
    const std::string story = world.tell();
    REQUIRE(World(seed).tell() == story);
    REQUIRE(World(seed + 1'000).tell() != story);
    for (const auto& [id, facts] : world.operations())
      ++ends[facts.error ? std::string(to_string(facts.error->kind())) : "success"];
  }
  // Every way to end was met often.
  for (const auto* end : {"success", "timeout", "cancelled", "rate_limited", "transport"}) CHECK(ends[end] > 100);
}
