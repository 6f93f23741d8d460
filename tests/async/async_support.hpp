#pragma once

// A transport that answers when told to, and a way to wait for what other threads do.

#include <cloudflare/async.hpp>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "support/catch.hpp"
#include "unit/engine/core_support.hpp"

namespace async_tests {

using namespace core_tests;
using namespace std::chrono_literals;
using Value = std::optional<std::string>;

/// Requests stay under way until the test answers them.
class HeldTransport final : public cf::Transport {
 public:
  ~HeldTransport() override { gone_.set_value(); }

  /// Becomes ready when the client and its I/O thread have released the transport.
  std::future<void> gone() { return gone_.get_future(); }
  /// Waits until `count` requests are under way.
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() == count; });
  }
  void answer_all(const std::string& body, int status = 200) {
    const std::lock_guard lock(mutex_);
    for (auto& [key, channel] : held_)
      channel->done.push_back({key.second, cf::HttpResponse{.status = status, .body = body}});
    for (auto& [key, channel] : held_) channel->woken = true;
    held_.clear();
    changed_.notify_all();
  }

  cf::HttpResponse send(const cf::HttpRequest&, const cf::TransferLimits&) override {
    throw std::logic_error("only channels are used");
  }
  std::unique_ptr<cf::Channel> open(cf::Clock&) override { return std::make_unique<HeldChannel>(*this); }

 private:
  class HeldChannel final : public cf::Channel {
   public:
    explicit HeldChannel(HeldTransport& transport) : transport_(transport) {}
    void start(unsigned ticket, std::shared_ptr<const cf::HttpRequest>, const cf::TransferLimits&) override {
      const std::lock_guard lock(transport_.mutex_);
      transport_.held_[{this, ticket}] = this;
      transport_.changed_.notify_all();
    }
    void abandon(unsigned ticket) override {
      const std::lock_guard lock(transport_.mutex_);
      transport_.held_.erase({this, ticket});
      transport_.changed_.notify_all();
    }
    std::optional<cf::Completion> wait(cf::Clock::time_point until) override {
      std::unique_lock lock(transport_.mutex_);
      transport_.changed_.wait_until(lock, std::min(until, std::chrono::steady_clock::now() + 1h),
                                     [&] { return woken || !done.empty(); });
      woken = false;
      if (done.empty()) return std::nullopt;
      cf::Completion next = std::move(done.back());
      done.pop_back();
      return next;
    }
    void wake() noexcept override {
      const std::lock_guard lock(transport_.mutex_);
      woken = true;
      transport_.changed_.notify_all();
    }
    bool woken = false;
    std::vector<cf::Completion> done{};

   private:
    HeldTransport& transport_;
  };

  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::map<std::pair<const void*, unsigned>, HeldChannel*> held_{};
  std::promise<void> gone_{};
};

struct Held {
  std::shared_ptr<HeldTransport> transport = std::make_shared<HeldTransport>();
  [[nodiscard]] cf::ApiClient client(cf::ClientOptions options = cf::ClientOptions()) const {
    options.account_id = "acc";
    options.transport = transport;
    return cf::ApiClient(cf::ApiToken("token"), std::move(options));
  }
};

/// Results in the order in which they came.
template <class T>
class Results {
 public:
  auto callback() {
    return [this](cf::Result<T> result) {
      const std::lock_guard lock(mutex_);
      results_.push_back(std::move(result));
      threads_.push_back(std::this_thread::get_id());
      changed_.notify_all();
    };
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return results_.size() >= count; });
  }
  [[nodiscard]] std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return results_.size();
  }
  [[nodiscard]] const cf::Result<T>& at(std::size_t i) const { return results_.at(i); }
  [[nodiscard]] std::thread::id thread(std::size_t i) const { return threads_.at(i); }

 private:
  mutable std::mutex mutex_{};
  std::condition_variable changed_{};
  std::vector<cf::Result<T>> results_{};
  std::vector<std::thread::id> threads_{};
};

inline std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

inline FakeReply value(std::string text) { return {.body = std::move(text)}; }

}  // namespace async_tests
