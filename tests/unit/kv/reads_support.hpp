#pragma once

// A namespace that answers reads, for tests of kv::Reader and kv::Cache.

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>

#include "unit/engine/core_support.hpp"

namespace reads_tests {

using namespace core_tests;
using namespace std::chrono_literals;
using nlohmann::json;

/// Waits end at once as on a FakeClock, but a wait of an hour or more ends only by its signal.
class PatientClock final : public cf::Clock {
 public:
  PatientClock(std::shared_ptr<cf::testing::FakeClock> clock, std::chrono::milliseconds lag)
      : clock_(std::move(clock)), lag_(lag) {}
  [[nodiscard]] time_point now() const override { return clock_->now(); }
  [[nodiscard]] time_point recent() const override { return now() - lag_; }
  [[nodiscard]] std::chrono::sys_seconds wall() const override { return clock_->wall(); }
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& signal, time_point until,
            const std::function<bool()>& woken) override {
    clock_->wait(lock, signal, until - now() < 59min ? until : time_point::max(), woken);
  }

 private:
  std::shared_ptr<cf::testing::FakeClock> clock_;
  std::chrono::milliseconds lag_;
};

/// Answers reads as a namespace would that has "v:KEY" under every key but those that begin with "no".
struct Store {
  std::shared_ptr<FakeTransport> fake = std::make_shared<FakeTransport>();
  std::atomic<int> bulk{0}, single{0};
  std::chrono::milliseconds lag{0};  ///< By which the clock's recent time is old.
  std::function<std::optional<FakeReply>(const cf::testing::SentRequest&)> answer{};

  Store() {
    fake->answer_with([this](const cf::testing::SentRequest& sent) -> FakeReply {
      (sent.method == "GET" ? single : bulk)++;
      if (answer)
        if (auto reply = answer(sent)) return *reply;
      if (sent.method == "GET") {
        const std::string key = sent.url.substr(sent.url.rfind('/') + 1);
        if (key.starts_with("no")) return refused(404, 10009, "key not found");
        return FakeReply{.body = "v:" + key};
      }
      const auto keys = json::parse(sent.body).at("keys").get<std::vector<std::string>>();
      json values = json::object();
      for (const std::string& key : keys) values[key] = key.starts_with("no") ? json() : json("v:" + key);
      return ok(json{{"values", values}}.dump());
    });
  }
  [[nodiscard]] cf::KvNamespace kv() const {
    return cf::ApiClient(cf::ApiToken("token"), {.account_id = "acc",
                                                 .timeout = 2h,
                                                 .max_attempts = 1,
                                                 .transport = fake,
                                                 .clock = std::make_shared<PatientClock>(fake->clock(), lag)})
        .kv("ns");
  }
};

}  // namespace reads_tests
