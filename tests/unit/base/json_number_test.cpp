#include <cmath>
#include <limits>
#include <string>

#include "base/json_number.hpp"
#include "support/catch.hpp"

using cloudflare::detail::read_json_number;

TEST_CASE("a JSON number is read as JavaScript reads it, beyond the range of a double too") {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const std::string zeros(500, '0');
  const std::pair<std::string, double> numbers[]{
      {"0", 0},
      {"-0", -0.0},
      {"-1.5e+3", -1500},
      {"12345678901234567890123", 12345678901234567890123.0},
      {"1E2", 100},
      {"5e-324", 5e-324},
      {"1e400", infinite},
      {"-1e400", -infinite},
      {"1e-400", 0},
      {"-1e-400", -0.0},
      {"0." + zeros + "1", 0},
      {"0." + zeros + "1e100", 0},
      {"0." + zeros + "1e1000", infinite},
      {"0." + zeros + "1e510", 1e9},
      {"1" + zeros, infinite},
      {"1" + zeros + ".5e-100", infinite},
      {"1" + zeros + "e-1000", 0},
      {"1" + zeros + "e-500", 1},
      {"1e99999999999999999999", infinite},
      {"1e-99999999999999999999", 0},
      {"0e99999999999999999999", 0},
      {"0.222222222222221e400222225", infinite},
  };
  for (const auto& [text, value] : numbers) {
    CAPTURE(text);
    const auto read = read_json_number(text);
    REQUIRE(read);
    CHECK(*read == value);
    CHECK(std::signbit(*read) == std::signbit(value));
  }
  for (const char* text : {"", "-", "+1", ".5", "1.", "1e", "1e+", "01", "-01", "0x1", "1 ", "nan", "inf", "1e5.5"}) {
    CAPTURE(text);
    CHECK_FALSE(read_json_number(text));
  }
}
