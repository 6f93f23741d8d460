// What 10 000 large values cost in memory, over a transport that only counts.

#include <iostream>

#include "bulk/bulk_support.hpp"
#include "support/memory.hpp"

using namespace bulk_tests;

namespace {

constexpr std::uint64_t count = 10'000;
constexpr double mebibyte = 1 << 20;

/// 9 KiB; 10 000 of them nearly fill a request.
std::string large_value(std::uint64_t index) { return std::string(9'216, static_cast<char>('a' + index % 26)); }

class CountingTransport final : public cf::Transport {
 public:
  cf::HttpResponse send(const cf::HttpRequest& request, const cf::TransferLimits&) override {
    const std::size_t size = request.body.text().size();
    ++requests;
    bytes += size;
    largest = std::max(largest, size);
    return {.status = 200, .body = R"({"success":true,"errors":[],"messages":[],"result":null})"};
  }
  int requests = 0;
  std::size_t bytes = 0;
  std::size_t largest = 0;
};

struct Counted {
  std::shared_ptr<CountingTransport> transport = std::make_shared<CountingTransport>();
  cf::KvNamespace kv = cf::ApiClient(cf::ApiToken("token"), {.account_id = "acc", .transport = transport}).kv("ns");

  /// By how much the process grew, in bodies.
  double bodies(const support::PeakMemory& memory) const {
    CHECK(transport->requests == 1);
    CHECK(transport->bytes > 92'000'000);
    const auto growth = static_cast<double>(memory.growth());
    std::cout << "memory: " << growth / mebibyte << " MiB for a body of "
              << static_cast<double>(transport->bytes) / mebibyte << " MiB\n";
    return growth / static_cast<double>(transport->bytes);
  }
};

}  // namespace

TEST_CASE("a put of 10 000 large values does not hold several copies in memory: put_many holds one") {
  const Counted counted;
  const support::PeakMemory memory;
  const auto done =
      counted.kv.put_many(Numbered(count, [](std::uint64_t i) { return std::pair(key_of(i), large_value(i)); }));
  CHECK(done.succeeded == count);
  CHECK(counted.bodies(memory) <= 1.1);
}

TEST_CASE("a put of 10 000 large values does not hold several copies in memory: put_bulk adds one") {
  const Counted counted;
  std::vector<cf::kv::Entry> entries;
  for (std::uint64_t i = 0; i < count; ++i) entries.push_back({.key = key_of(i), .value = large_value(i)});
  const support::PeakMemory memory;
  (void)counted.kv.put_bulk(entries);
  CHECK(counted.bodies(memory) <= 1.1);
}

TEST_CASE("a batch whose JSON passes 100 MB is split though it has few pairs") {
  const Counted counted;
  const support::PeakMemory memory;
  const auto done = counted.kv.put_many(
      Numbered(9, [](std::uint64_t i) { return std::pair(key_of(i), std::string(24'000'000, 'v')); }),
      {.in_flight = 1});
  CHECK(done.succeeded == 9);
  CHECK(counted.transport->requests == 3);
  CHECK(counted.transport->largest > 96'000'000);
  CHECK(counted.transport->largest <= 100'000'000);
  // One body and the next value: bodies as large as this are not made ahead.
  CHECK(static_cast<double>(memory.growth()) <= 2.2 * static_cast<double>(counted.transport->largest));
}
