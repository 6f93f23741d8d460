// The substitute for std::from_chars on floating point, against the real one.

#include <array>
#include <charconv>
#include <clocale>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/read_real.hpp"
#include "support/catch.hpp"

// Where the real one is missing, the library uses the substitute, and so do all other tests of numbers.
#ifdef __cpp_lib_to_chars

namespace {

constexpr std::array<std::string_view, 75> corpus{"",
                                                  "-",
                                                  "+1",
                                                  "1",
                                                  "-1",
                                                  " 1",
                                                  "\t1",
                                                  "1 ",
                                                  "1.",
                                                  "1.,",
                                                  ".",
                                                  ".5",
                                                  "-.5",
                                                  "-.",
                                                  "1e5",
                                                  "1e",
                                                  "1e+",
                                                  "1e-",
                                                  "1E-3x",
                                                  "0x10",
                                                  "-0x1p3",
                                                  "0x",
                                                  "0X1",
                                                  "0",
                                                  "-0",
                                                  "00",
                                                  "007",
                                                  "1..2",
                                                  "1.2.3",
                                                  "inf",
                                                  "-inf",
                                                  "INFINITY",
                                                  "infin",
                                                  "+inf",
                                                  "nan",
                                                  "-nan",
                                                  "nan(abc)",
                                                  "nan(",
                                                  "i",
                                                  "n",
                                                  "e5",
                                                  ".e5",
                                                  "1e400",
                                                  "-1e400",
                                                  "1e-400",
                                                  "-1e-400",
                                                  "4.9e-324",
                                                  "3e-324",
                                                  "2e-324",
                                                  "2.4703282292062328e-324",
                                                  "1e-45",
                                                  "1e-46",
                                                  "1e39",
                                                  "3.4028235e38",
                                                  "3.4028236e38",
                                                  "0e-400",
                                                  "0.0e999",
                                                  "1,5",
                                                  "1_0",
                                                  "--1",
                                                  "- 1",
                                                  "123456789012345678901234567890",
                                                  "0.1",
                                                  "1.17549435e-38",
                                                  "0.30000000000000004",
                                                  "9007199254740993",
                                                  "16777217",
                                                  "1e308",
                                                  "1.7976931348623159e308",
                                                  "1e99999999999999999999",
                                                  "1e-99999999999999999999",
                                                  "1e5.5",
                                                  "12]",
                                                  "0.5,0.25",
                                                  "1e5e5"};

template <class Real>
void compare(std::string_view text) {
  Real ours = 7, real = 7;
  const auto [our_end, our_error] =
      cloudflare::detail::substitute::read_real(text.data(), text.data() + text.size(), ours);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), real);
  CAPTURE(text, ours, real);
  CHECK(our_end - text.data() == end - text.data());
  CHECK(our_error == error);
  CHECK(std::memcmp(&ours, &real, sizeof ours) == 0);  // also the sign of zero, and NaN
}

// Some locale of this machine that writes 1,5, for as long as this lives.
class CommaLocale {
 public:
  CommaLocale() {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"})
      if (std::setlocale(LC_NUMERIC, name) != nullptr) return;
  }
  ~CommaLocale() { std::setlocale(LC_NUMERIC, "C"); }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;
};

}  // namespace

TEST_CASE("the substitute for from_chars reads what from_chars reads, to the bit, in any locale") {
  for (const bool comma : {false, true}) {
    std::optional<CommaLocale> locale;
    if (comma) locale.emplace();
    for (const std::string_view text : corpus) {
      compare<float>(text);
      compare<double>(text);
    }
  }
}

#endif

TEST_CASE("the substitute for from_chars stops at the end of its text, which no zero byte needs to follow") {
  const std::string_view text = std::string_view("12345").substr(0, 3);
  double value = 0;
  const auto read = cloudflare::detail::substitute::read_real(text.data(), text.data() + text.size(), value);
  CHECK(read.ptr == text.data() + 3);
  CHECK(value == 123);
}
