// write_float() against std::to_chars. scripts/endurance.sh compares all 2^32 floats.

#include <cstdint>
#include <random>
#include <string>

#include "support/catch.hpp"
#include "support/float_compare.hpp"

using cloudflare_tests::difference;

TEST_CASE("a float is written as std::to_chars writes it") {
  SECTION("a million of all bit patterns") {
    std::mt19937 random(20261128);
    for (int i = 0; i < 1'000'000; ++i) {
      const auto bits = static_cast<std::uint32_t>(random());
      if (const auto text = difference(bits); !text.empty()) FAIL(bits << ": " << text);
    }
  }
  SECTION("neighbours of each power of two") {
    for (std::uint32_t exponent = 0; exponent < 512; ++exponent) {
      for (std::uint32_t step = 0; step < 8; ++step) {
        CHECK(difference((exponent << 23U) + step) == "");
        CHECK(difference((exponent << 23U) - step) == "");
      }
    }
  }
  SECTION("every number of digits on both sides of the point") {
    for (double power = 1e-12; power < 1e12; power *= 10) {
      for (const double digits : {1.0, 2.0, 9.0, 1.5, 1.25, 9.99, 1.2345, 1.23456, 1.234567, 9.999999}) {
        const auto value = static_cast<float>(digits * power);
        CHECK(difference(std::bit_cast<std::uint32_t>(value)) == "");
        CHECK(difference(std::bit_cast<std::uint32_t>(-value)) == "");
      }
    }
  }
}

TEST_CASE("the float that readers through double would misread has a digit more") {
  CHECK(difference(cloudflare_tests::rounds_twice) == "");
  CHECK(static_cast<float>(std::stod("7.0385307e-26")) == std::bit_cast<float>(cloudflare_tests::rounds_twice));
  CHECK(static_cast<float>(std::stod("7.038531e-26")) != std::bit_cast<float>(cloudflare_tests::rounds_twice));
}
