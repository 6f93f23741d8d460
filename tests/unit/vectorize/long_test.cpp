// What takes long: ten million floats there and back, and a million vectors over a transport that only counts.

#include <iostream>
#include <random>

#include "float_round_trip.hpp"
#include "support/memory.hpp"

using namespace vectorize_tests;

namespace {

constexpr std::size_t dimensions = 768;
constexpr double mebibyte = 1 << 20;

/// Accepts every upload and keeps nothing but its size.
class CountingTransport final : public cf::Transport {
 public:
  cf::HttpResponse send(const cf::HttpRequest& request, const cf::TransferLimits&) override {
    const std::string_view body = request.body.text();
    ++requests;
    bytes += body.size();
    largest = std::max(largest, body.size());
    vectors += static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n'));
    return {.status = 200, .body = R"({"success":true,"errors":[],"messages":[],"result":{"mutationId":"m"}})"};
  }
  std::uint64_t requests = 0;
  std::uint64_t vectors = 0;
  std::uint64_t bytes = 0;
  std::size_t largest = 0;
};

/// `count` vectors made one at a time out of a small pool of numbers.
class Generated {
 public:
  explicit Generated(std::size_t count) : count_(count) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> numbers(-1, 1);
    pool_.resize(2 * dimensions);
    for (float& number : pool_) number = numbers(random);
  }
  class iterator {
   public:
    using value_type = cf::vectorize::VectorView;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    explicit iterator(Generated* all = nullptr) : all_(all) {}
    value_type operator*() const {
      all_->id_ = "vector-" + std::to_string(at_);
      return {.id = all_->id_, .values = std::span(all_->pool_).subspan(at_ % dimensions, dimensions)};
    }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    void operator++(int) { ++at_; }
    bool operator==(std::default_sentinel_t) const { return at_ == all_->count_; }

   private:
    Generated* all_;
    std::size_t at_ = 0;
  };
  iterator begin() { return iterator(this); }
  static std::default_sentinel_t end() { return {}; }

 private:
  std::size_t count_;
  std::vector<float> pool_{};
  std::string id_{};
};

struct Upload {
  std::shared_ptr<CountingTransport> counted = std::make_shared<CountingTransport>();
  double growth = 0;
};

Upload upload(std::size_t count, std::size_t batch, int in_flight) {
  Upload run;
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "acc", .transport = run.counted});
  Generated vectors(count);
  const support::PeakMemory peak;
  const auto done =
      client.vectorize("docs", dimensions).upsert_many(vectors, {.in_flight = in_flight, .batch_vectors = batch});
  run.growth = static_cast<double>(peak.growth());
  CHECK(done.complete());
  CHECK(done.succeeded == count);
  CHECK(run.counted->vectors == count);
  CHECK(run.counted->requests == done.requests);
  std::cout << "upsert_many: " << count << " vectors of 768 floats, " << batch << " to an upload, " << in_flight
            << " in flight: " << done.requests << " uploads of up to "
            << static_cast<double>(run.counted->largest) / mebibyte << " MiB, " << run.growth / mebibyte
            << " MiB of memory\n";
  return run;
}

}  // namespace

TEST_CASE("ten million bit patterns of floats are encoded and read back to the same bits") {
  CHECK(round_trip::losses(round_trip::sample(10'000'000)) == 0);
}

TEST_CASE("a million vectors need the computed minimum of uploads, and memory for what is in flight") {
  const auto bound = [](const Upload& run, int in_flight) {
    return in_flight * static_cast<double>(run.counted->largest) + 32 * mebibyte;
  };
  const Upload few = upload(40'000, 5000, 4);
  CHECK(few.growth <= bound(few, 4));
  const Upload many = upload(1'000'000, 5000, 4);
  CHECK(many.counted->requests == 200);  // 5000 to each
  CHECK(many.counted->bytes <= many.counted->requests * 100'000'000);
  CHECK(many.growth <= bound(many, 4));
  CHECK(many.growth <= 1.1 * few.growth);
  // The memory depends on the batch size and the number in flight.
  const Upload alone = upload(20'000, 5000, 1);
  CHECK(alone.growth <= bound(alone, 1));
  const Upload small = upload(50'000, 1000, 4);
  CHECK(small.counted->requests == 50);
  CHECK(small.growth <= bound(small, 4));
}
