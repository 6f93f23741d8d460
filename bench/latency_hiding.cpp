// latency-hiding: 40 batches, 4 in flight, over a transport that answers 50 ms after it was asked; `ideal` is ten
// times 50 ms.

#include <condition_variable>
#include <map>
#include <mutex>

#include "counting.hpp"
#include "measure.hpp"

namespace {

using namespace std::chrono_literals;
namespace cf = cloudflare;

constexpr auto latency = 50ms;
constexpr std::uint64_t batches = 40;
constexpr std::uint64_t in_flight = 4;

class LateTransport final : public cf::Transport {
 public:
  cf::HttpResponse send(const cf::HttpRequest&, const cf::TransferLimits&) override {
    return {.status = 200, .body = bench::CountingTransport::envelope("null")};
  }
  std::unique_ptr<cf::Channel> open(cf::Clock&) override { return std::make_unique<Late>(); }

 private:
  class Late final : public cf::Channel {
   public:
    void start(unsigned ticket, std::shared_ptr<const cf::HttpRequest>, const cf::TransferLimits&) override {
      due_.emplace(std::chrono::steady_clock::now() + latency, ticket);
    }
    void abandon(unsigned ticket) override {
      std::erase_if(due_, [ticket](const auto& entry) { return entry.second == ticket; });
    }
    std::optional<cf::Completion> wait(cf::TimePoint until) override {
      const auto next = due_.empty() ? until : std::min(until, due_.begin()->first);
      std::unique_lock lock(mutex_);
      signal_.wait_until(lock, next, [this] { return std::exchange(woken_, false); });
      if (due_.empty() || due_.begin()->first > std::chrono::steady_clock::now()) return std::nullopt;
      const unsigned ticket = due_.extract(due_.begin()).mapped();
      return cf::Completion{ticket,
                            cf::HttpResponse{.status = 200, .body = bench::CountingTransport::envelope("null")}};
    }
    void wake() noexcept override {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      signal_.notify_one();
    }

   private:
    std::multimap<cf::TimePoint, unsigned> due_{};
    std::mutex mutex_{};
    std::condition_variable signal_{};
    bool woken_ = false;
  };
};

void run() {
  bench::Least ours;
  for (int round = 0; round < 5; ++round) {
    const auto kv = bench::client_over(std::make_shared<LateTransport>()).kv("ns");
    const auto start = std::chrono::steady_clock::now();
    const auto done = kv.put_many(bench::pairs(batches * 10'000), {.in_flight = in_flight});
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    if (!done.complete() || done.requests != batches) throw std::logic_error("the job did not do its work");
    ours.add(elapsed.count());
  }
  bench::Least ideal;
  ideal.add(std::chrono::duration<double, std::milli>(latency * (batches / in_flight)).count());
  bench::print("ideal", ours, ideal, "<=1.15");
}

}  // namespace

int main() { return bench::reported(run); }
