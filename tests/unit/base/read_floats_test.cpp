// read_floats() against strtof, which rounds to the nearest float32 for any number of digits.

#include "base/read_floats.hpp"

#include <simdjson.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

std::vector<float> floats_of(const std::string& array) {
  std::string text = array;
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  std::vector<float> values;
  cloudflare::detail::read_floats(values, text);
  return values;
}

simdjson::error_code refusal(const std::string& array) {
  try {
    (void)floats_of(array);
    return simdjson::SUCCESS;
  } catch (const simdjson::simdjson_error& error) {
    return error.error();
  }
}

// Reads them all as one array and compares each with strtof.
void check_all(const std::vector<std::string>& numbers) {
  std::string array = "[";
  for (const std::string& number : numbers) array.append(number).push_back(',');
  array.back() = ']';
  const std::vector<float> values = floats_of(array);
  REQUIRE(values.size() == numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto expected = std::bit_cast<std::uint32_t>(std::strtof(numbers[i].c_str(), nullptr));
    if (std::bit_cast<std::uint32_t>(values[i]) != expected) FAIL(numbers[i] << " was read as " << values[i]);
  }
}

// The text of a double, exact if `precision` is large enough.
std::string text_of(double value, std::chars_format format, int precision) {
  std::array<char, 400> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, format, precision).ptr};
}

}  // namespace

TEST_CASE("a number becomes the nearest float32, however it is written") {
  std::mt19937 random(20261128);
  std::vector<std::string> numbers;
  SECTION("floats of all bit patterns, with 1 to 20 digits and as doubles") {
    for (int i = 0; i < 100'000; ++i) {
      const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
      if (!std::isfinite(value)) continue;
      const auto digits = static_cast<int>(random() % 20);
      numbers.push_back(text_of(double{value}, std::chars_format::scientific, digits));
      if (std::strtod(numbers.back().c_str(), nullptr) > 3.5e38) numbers.pop_back();
    }
  }
  SECTION("numbers like those of embeddings, with 0 to 25 digits behind the point") {
    for (int i = 0; i < 100'000; ++i) {
      const double value = (static_cast<double>(random()) / 4294967296.0 - 0.5) * std::pow(10, random() % 6);
      numbers.push_back(text_of(value, std::chars_format::fixed, static_cast<int>(random() % 26)));
    }
  }
  SECTION("the middle between two floats, a hair below and a hair above, with few and with all digits") {
    for (int i = 0; i < 30'000; ++i) {
      // Floats from 2^-24 to 2^12, whose middles have at most 49 digits behind the point.
      const auto bits = static_cast<std::uint32_t>((103 + random() % 36) << 23U | (random() & 0x7fffffU));
      const float value = std::bit_cast<float>(bits);
      const double middle = (double{value} + double{std::nextafter(value, 1e9F)}) / 2;
      for (const double near : {middle, std::nextafter(middle, 0), std::nextafter(middle, 1e9)})
        for (const int digits : {15, 16, 17, 18, 60})
          numbers.push_back((i % 2 == 0 ? "-" : "") + text_of(near, std::chars_format::fixed, digits));
    }
  }
  SECTION("middles that are short integers and fractions") {
    for (std::uint32_t odd = 1; odd < 4000; odd += 2) {
      numbers.push_back(std::to_string((1U << 24U) + odd));  // between two floats
      numbers.push_back(std::to_string((1U << 24U) + odd) + ".0000000001");
      numbers.push_back(std::to_string((1U << 24U) + odd - 1) + ".9999999999");
      numbers.push_back(text_of(1 + odd * 0x1p-24, std::chars_format::fixed, 24));
      numbers.push_back(text_of(1 + odd * 0x1p-24, std::chars_format::fixed, 16));
    }
  }
  SECTION("edges") {
    numbers = {"0",
               "-0",
               "0.0",
               "-0.0",
               "0e5",
               "-0.0e-400",
               "0.000000000000000000000000000001",
               "1.17549435e-38",
               "1.17549428e-38",
               "0.00000000000000000000000000000000000001175494",
               "1e-45",
               "7.1e-46",
               "7.0e-46",
               "7.006492321624085354618e-46",
               "1e-50",
               "-1e-50",
               "1e-400",
               "-1e-400",
               "3.4028235e38",
               "3.4028235677e38",
               "3.4028236e38",
               "-1e39",
               "1e308",
               "123456789012345678",
               "1234567890123456789",
               "12345678901234567890123",
               "999999999999999999",
               "99999999.99999999",
               "9999999999.99999999",
               "0.12345678",
               "0.1234567812345678",
               "0.123456781234567812345678",
               "1E5",
               "1e+5",
               "1.5E-5",
               "0.1e1",
               "7.038531e-26",
               "16777217.0",
               "9007199254740993",
               "0.3000000119",
               "0.30000001192092896",
               "0." + std::string(500, '0') + "1e490",
               "1" + std::string(500, '0') + "e-510",
               "0." + std::string(400, '0') + "1"};
  }
  check_all(numbers);
}

TEST_CASE("an array of floats is read whole, with white space anywhere between") {
  CHECK(floats_of("[]").empty());
  CHECK(floats_of("[ \r\n\t]").empty());
  CHECK(floats_of("[ 1 ,\n2.5\t,-3 ]") == std::vector<float>{1, 2.5F, -3});
  const std::vector<float> zeros = floats_of("[0,-0,-0.0,-1e-50]");
  CHECK(std::signbit(zeros[0]) == false);
  for (std::size_t i = 1; i < 4; ++i) CHECK(std::signbit(zeros[i]));
}

TEST_CASE("what is no JSON number is refused in an array of floats") {
  for (const char* item : {"01",    "-01",  "00.5",  "1.",   ".5",    "1.e5",  "1e",  "1e+",   "-",     "+1",
                           "1.5.5", "0x10", "1_000", "--1",  "1-",    "1e5.5", "1 2", "",      " ",     "NaN",
                           "inf",   "-inf", "null",  "true", "\"1\"", "[1]",   "{}",  "1e400", "-1e400"}) {
    INFO(item);
    CHECK(refusal("[" + std::string(item) + ",1]") != simdjson::SUCCESS);
    CHECK(refusal("[1," + std::string(item) + "]") != simdjson::SUCCESS);
  }
  CHECK(refusal("[1" + std::string(400, '0') + "]") == simdjson::NUMBER_ERROR);
  CHECK(refusal("[1e99999999999999999999]") == simdjson::NUMBER_ERROR);
  CHECK(refusal("[null]") == simdjson::INCORRECT_TYPE);
  CHECK(refusal("[1,2}") == simdjson::TAPE_ERROR);
}
