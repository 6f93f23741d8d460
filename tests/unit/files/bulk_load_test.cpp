// examples/bulk_load as a process that is interrupted: real signals at chosen requests, and every item counted where it
// arrives.

#include <signal.h>

#include <algorithm>
#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/fault_server.hpp"
#include "support/process.hpp"

namespace cf = cloudflare;
using support::Answer;
using support::Child;

namespace {

/// Stores what it is sent, and sends `signal` to the program when its `at`th request of a run has arrived.
class Target {
 public:
  Target() {
    server_.on_request([this](const support::Recorded& request) {
      std::unique_lock lock(mutex_);
      child_known_.wait(lock, [this] { return child_ != nullptr; });
      ++requests_;
      if (++in_run_ == at_) {
        child_->send(signal_);
        if (signal_ == SIGKILL) return Answer{.stop_at = 0};
      }
      count_keys(request.body);
      return Answer{.headers = {{"Content-Type", "application/json"}},
                    .body = R"({"success":true,"errors":[],"messages":[],"result":{"successful_key_count":1,)"
                            R"("unsuccessful_keys":[]}})"};
    });
  }
  /// Runs the program on `file` until its end; its exit code.
  int run(const std::string& file, int at, int signal) {
    {
      const std::lock_guard lock(mutex_);
      child_ = nullptr;
      in_run_ = 0;
      at_ = at;
      signal_ = signal;
    }
    Child child(
        {BULK_LOAD, file, "--kv", "0123456789abcdef", "--piece", "20000"},
        {.environment = {"CLOUDFLARE_API_TOKEN=t", "CLOUDFLARE_ACCOUNT_ID=acc", "CLOUDFLARE_BASE_URL=" + server_.url()},
         .output = file + ".log"});
    {
      const std::lock_guard lock(mutex_);
      child_ = &child;
    }
    child_known_.notify_all();
    return child.wait();
  }
  [[nodiscard]] std::map<std::string, int> stored() {
    const std::lock_guard lock(mutex_);
    return stored_;
  }
  [[nodiscard]] int requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  // A JSON parser would take most of this test's time.
  void count_keys(std::string_view body) {
    static constexpr std::string_view before = R"("key":")";
    for (std::size_t at = body.find(before); at != std::string_view::npos; at = body.find(before, at)) {
      at += before.size();
      ++stored_[std::string(body.substr(at, body.find('"', at) - at))];
    }
  }

  std::mutex mutex_{};
  std::condition_variable child_known_{};
  Child* child_ = nullptr;
  int at_ = 0;
  int signal_ = 0;
  int in_run_ = 0;
  int requests_ = 0;
  std::map<std::string, int> stored_{};
  support::FaultServer server_{};
};

std::string write_pairs(const support::TemporaryFolder& folder, int count, bool csv) {
  std::string text = csv ? "key,value\n" : "";
  for (int i = 0; i < count; ++i)
    text += csv ? "k" + std::to_string(i) + ",\"v\n" + std::to_string(i) + "\"\n"
                : "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"v" + std::to_string(i) + "\"}\n";
  std::string path = folder.file(csv ? "pairs.csv" : "pairs.ndjson");
  support::write_file(path, text);
  return path;
}

}  // namespace

TEST_CASE("bulk_load interrupted by Ctrl-C at any request and started again sends every item exactly once") {
  constexpr int pairs = 70'000;
  int interruptions = 0;
  for (const bool csv : {false, true})
    for (const int at : csv ? std::vector{2, 5} : std::vector{1, 2, 3, 5, 7}) {
      const support::TemporaryFolder folder;
      const std::string file = write_pairs(folder, pairs, csv);
      Target target;
      int runs = 1;
      for (int code = target.run(file, at, SIGINT); code != 0; code = target.run(file, at, SIGINT)) {
        INFO(support::read_file(file + ".log"));
        REQUIRE(code == 130);
        REQUIRE(std::filesystem::exists(file + ".state"));
        REQUIRE(++runs < 20);
      }
      interruptions += runs - 1;
      const auto stored = target.stored();
      CHECK(stored.size() == pairs);
      CHECK(std::all_of(stored.begin(), stored.end(), [](const auto& each) { return each.second == 1; }));
      CHECK(target.requests() <= 7 + runs);  // an interruption may split one request in two
      CHECK_FALSE(std::filesystem::exists(file + ".state"));
    }
  CHECK(interruptions > 0);
}

TEST_CASE("bulk_load killed at any request and started again leaves no item out") {
  constexpr int pairs = 70'000;
  const support::TemporaryFolder folder;
  const std::string file = write_pairs(folder, pairs, false);
  for (const int at : {1, 3, 6}) {
    Target target;
    CHECK(target.run(file, at, SIGKILL) == -1);
    REQUIRE(target.run(file, 0, 0) == 0);
    const auto stored = target.stored();
    CHECK(stored.size() == pairs);
    // At most the piece that was under way was sent twice.
    CHECK(std::count_if(stored.begin(), stored.end(), [](const auto& each) { return each.second > 1; }) <= 20'000);
  }
}

TEST_CASE("bulk_load into a store in a folder, interrupted whenever, ends with every pair in it") {
  constexpr int pairs = 48'000;
  const support::TemporaryFolder folder;
  const std::string file = write_pairs(folder, pairs, false);
  const std::vector<std::string> command = {BULK_LOAD, file,  "--kv", "pairs", "--store", folder.file("store"),
                                            "--piece", "4000"};
  std::uint64_t loaded = 0;
  int runs = 0;
  for (int code = 130; code != 0; ++runs) {
    REQUIRE(runs < 50);
    Child child(command, {.output = folder.file("log")});
    const std::string before = support::read_file(file + ".state");
    std::jthread interrupter([&](const std::stop_token& over) {  // as soon as another piece is in
      while (!over.stop_requested() && support::read_file(file + ".state") == before) std::this_thread::yield();
      if (!over.stop_requested()) child.send(SIGINT);
    });
    code = child.wait();
    interrupter.request_stop();
    const std::string log = support::read_file(folder.file("log"));
    INFO(log);
    REQUIRE((code == 0 || code == 130));
    loaded += std::stoull(log.substr(log.rfind("loaded ") + 7));
  }
  CHECK(runs > 1);
  CHECK(loaded == pairs);
  const cf::local::Cloudflare cloud(folder.file("store"));
  const cf::ApiClient client = cloud.client();
  const cf::KvNamespace space = client.kv(client.kv_namespaces().find("pairs").value().id);
  int found = 0;
  for (const cf::kv::Key& key : space.list()) found += key.name.starts_with("k") ? 1 : 0;
  CHECK(found == pairs);
  CHECK(space.get("k47999") == "v47999");
}
