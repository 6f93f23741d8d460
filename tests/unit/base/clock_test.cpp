#include <cloudflare/clock.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include "support/catch.hpp"

namespace cf = cloudflare;
using namespace std::chrono_literals;

TEST_CASE("the recent time of the machine's clock is its own time, of a tick ago at most") {
  const auto clock = cf::Clock::system();
  cf::Clock::time_point last{};
  for (int i = 0; i < 1000; ++i) {
    const auto before = clock->now();
    const auto recent = clock->recent();
    CHECK(recent <= clock->now());
    CHECK(recent > before - 1s);  // a tick is 1 to 10 ms; a machine that stood still may tell late
    CHECK(recent >= last);
    last = recent;
  }
}

TEST_CASE("a clock that has no faster way tells the same recent time") {
  cf::testing::FakeClock clock;
  clock.advance(5s);
  CHECK(clock.recent() == clock.now());
}
