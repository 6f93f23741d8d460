// kv_get blocking|inflight BASE_URL COUNT [CA_FILE]: reads a key COUNT times and prints the microseconds of CPU for one
// read.
#include <cloudflare/async.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <stdexcept>
#include <string_view>

#include "measure.hpp"

namespace cf = cloudflare;

namespace {

using Value = std::optional<std::string>;
constexpr int in_flight = 64;

void check(const Value& value) {
  if (!value || value->empty()) throw std::runtime_error("no value");
}

void blocking(const cf::KvNamespace& kv, long count) {
  for (long i = 0; i < count; ++i) check(kv.get("settings/user-4711"));
}

/// 64 chains, each of which begins its next read when one is done.
class InFlight {
 public:
  InFlight(const cf::KvNamespace& kv, long count) : kv_(kv.async()), left_(count) {}
  void run() {
    for (int i = 0; i < in_flight; ++i) next();
    ended_.wait();
  }

 private:
  void next() {
    if (left_.fetch_sub(1) <= 0) return ended_.count_down();
    kv_.get("settings/user-4711").start([this](const cf::Result<Value>& value) {
      check(value.value());
      next();
    });
  }

  cf::AsyncKvNamespace kv_;
  std::atomic<long> left_;
  std::latch ended_{in_flight};
};

void inflight(const cf::KvNamespace& kv, long count) {
  InFlight(kv, count).run();
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  if (std::distance(begin(tasks), end(tasks)) != 2)
    throw std::runtime_error("more than one thread besides the caller's");
}

}  // namespace

int main(int argc, char** argv) {
  const auto run = std::string_view(argv[1]) == "blocking" ? blocking : inflight;
  const long count = std::atol(argv[3]);
  const cf::ApiClient client(
      cf::ApiToken("token-of-a-benchmark-0123456789abcdef"),
      {.account_id = "0123456789abcdef0123456789abcdef", .base_url = argv[2], .ca_file = argc > 4 ? argv[4] : ""});
  const cf::KvNamespace kv = client.kv("fedcba9876543210fedcba9876543210");
  run(kv, count / 10);  // warm
  const double before = bench::cpu_seconds();
  run(kv, count);
  bench::print_cost(before, count);
}
