// Many threads, random faults, random cancels, clients that end while they are busy: each operation completes once.

#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "async_support.hpp"

using namespace async_tests;

namespace {

/// Answers at random: values, refusals, lost connections; out of order when it has a channel of its own.
class Chaos final : public cf::Transport {
 public:
  explicit Chaos(bool in_turn) : in_turn_(in_turn) {}
  ~Chaos() override { gone_.set_value(); }
  /// Becomes ready when the client and its I/O thread have released the transport.
  std::future<void> gone() { return gone_.get_future(); }

  cf::HttpResponse send(const cf::HttpRequest&, const cf::TransferLimits&) override {
    thread_local std::minstd_rand random{std::random_device{}()};
    switch (random() % 8) {
      case 0: throw lost(cf::Delivery::not_sent);
      case 1: throw lost(cf::Delivery::unknown);
      case 2: return {.status = 503, .body = "<html>"};
      case 3: throw std::runtime_error("a transport of one's own");
      case 4: return {.status = 404, .body = R"({"success":false,"errors":[{"code":10009,"message":"none"}]})"};
      default: return {.status = 200, .body = "v"};
    }
  }
  std::unique_ptr<cf::Channel> open(cf::Clock& clock) override {
    if (in_turn_) return Transport::open(clock);
    return std::make_unique<Shuffled>(*this);
  }

 private:
  static cf::Error lost(cf::Delivery delivery) {
    return cf::Error(cf::ErrorDetails{.kind = cf::ErrorKind::transport, .delivery = delivery});
  }

  class Shuffled final : public cf::Channel {
   public:
    explicit Shuffled(Chaos& chaos) : chaos_(chaos) {}
    void start(unsigned ticket, std::shared_ptr<const cf::HttpRequest> request, const cf::TransferLimits&) override {
      open_.emplace_back(ticket, std::move(request));
    }
    void abandon(unsigned ticket) override {
      std::erase_if(open_, [ticket](const auto& one) { return one.first == ticket; });
    }
    std::optional<cf::Completion> wait(cf::Clock::time_point until) override {
      {
        std::unique_lock lock(mutex_);
        const auto woken = [this] { return std::exchange(woken_, false); };
        if (open_.empty()) signal_.wait_until(lock, std::min(until, std::chrono::steady_clock::now() + 1h), woken);
        if (open_.empty() || woken()) return std::nullopt;
      }
      std::swap(open_[random_() % open_.size()], open_.back());
      const auto [ticket, request] = std::move(open_.back());
      open_.pop_back();
      try {
        return cf::Completion{ticket, chaos_.send(*request, cf::TransferLimits())};
      } catch (const cf::Error& error) {
        return cf::Completion{ticket, error};
      } catch (const std::exception&) {
        return cf::Completion{ticket, lost(cf::Delivery::unknown)};
      }
    }
    void wake() noexcept override {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      signal_.notify_all();
    }

   private:
    Chaos& chaos_;
    std::minstd_rand random_{std::random_device{}()};
    std::vector<std::pair<unsigned, std::shared_ptr<const cf::HttpRequest>>> open_{};
    std::mutex mutex_{};
    std::condition_variable signal_{};
    bool woken_ = false;
  };

  bool in_turn_;
  std::promise<void> gone_{};
};

struct Tally {
  explicit Tally(std::size_t count) : completed(count) {}
  std::vector<std::atomic<int>> completed;
};

/// Begins operations `from` to `to` of several kinds, with a chance of being cancelled. With `chained`, callbacks hold
/// handles and begin operations of their own; without, the client goes while operations are under way.
void begin_some(const cf::KvNamespace& kv, Tally& tally, std::size_t from, std::size_t to, bool chained) {
  std::stop_source stop;
  std::minstd_rand random{static_cast<unsigned>(from + 1)};
  for (std::size_t i = from; i < to; ++i) {
    const auto count = [&tally, i](auto&&) { ++tally.completed[i]; };
    const bool stoppable = random() % 3 == 0;
    const auto handle = stoppable ? kv.with({.stop = stop.get_token()}).async() : kv.async();
    switch (random() % (chained ? 4 : 3)) {
      case 0: handle.get("k").start(count); break;
      case 1: handle.put("k", "v").start(count); break;
      case 2: handle.get("").start(count); break;  // refused before any request
      default:
        handle.get("k").start(
            [&tally, i, handle](const cf::Result<Value>&) {  // a callback with an operation of its own
              handle.erase("k").start([&tally, i](const cf::Result<void>&) {
                ++tally.completed[i];
                if (i % 5 == 0) throw std::runtime_error("a callback that throws");
              });
            });
    }
    if (random() % 100 == 0) stop.request_stop();
  }
}

}  // namespace

// scripts/endurance.sh races ends more clients, with less to do for each.
TEST_CASE("of 100 000 operations with random cancels and faults each completes exactly once") {
  const char* const wanted = std::getenv("CLOUDFLARE_CLIENTS");
  const std::size_t clients = wanted != nullptr ? std::stoul(wanted) : 50, each = wanted != nullptr ? 10 : 500;
  constexpr std::size_t threads = 4;
  Tally tally(clients * threads * each);
  for (std::size_t c = 0; c < clients; ++c) {
    auto transport = std::make_shared<Chaos>(c % 4 < 2);
    auto gone = transport->gone();
    std::optional<cf::ApiClient> client(
        std::in_place, cf::ApiToken("t"),
        cf::ClientOptions{
            .account_id = "a", .max_attempts = 3, .backoff_base = 0ms, .backoff_cap = 0ms, .transport = transport});
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < threads; ++t)
      workers.emplace_back(
          [&tally, each, kv = client->kv(c % 2 == 0 ? "chained" : "plain"), from = (c * threads + t) * each] {
            begin_some(kv, tally, from, from + each, kv.id() == "chained");
          });
    client.reset();
    transport.reset();
    workers.clear();
    gone.wait();  // callbacks hold handles, so the last of them may end the client from inside
  }
  std::size_t wrong = 0;
  for (const auto& completed : tally.completed)
    if (completed != 1) ++wrong;
  CHECK(wrong == 0);
}
