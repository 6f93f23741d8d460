// The shortest text of a float by Junekey Jeon's Dragonbox ("Dragonbox: A New Floating-Point Binary-to-Decimal
// Conversion Algorithm"): one multiplication by a power of ten decides on all digits but the last. Powers of two, whose
// neighbours are not equally far away, and subnormal numbers are rare and go to std::to_chars. scripts/endurance.sh
// compares all 2^32 floats with std::to_chars.

#include "base/float_text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/encode.hpp"

namespace cloudflare::detail {

namespace {

constexpr int first_power = -31;
// 10^k from k = -31 to 46: the first 64 bits, rounded up.
constexpr std::array<std::uint64_t, 78> powers_of_ten = {
    // clang-format off
    0x81ceb32c4b43fcf5, 0xa2425ff75e14fc32, 0xcad2f7f5359a3b3f, 0xfd87b5f28300ca0e,
    0x9e74d1b791e07e49, 0xc612062576589ddb, 0xf79687aed3eec552, 0x9abe14cd44753b53,
    0xc16d9a0095928a28, 0xf1c90080baf72cb2, 0x971da05074da7bef, 0xbce5086492111aeb,
    0xec1e4a7db69561a6, 0x9392ee8e921d5d08, 0xb877aa3236a4b44a, 0xe69594bec44de15c,
    0x901d7cf73ab0acda, 0xb424dc35095cd810, 0xe12e13424bb40e14, 0x8cbccc096f5088cc,
    0xafebff0bcb24aaff, 0xdbe6fecebdedd5bf, 0x89705f4136b4a598, 0xabcc77118461cefd,
    0xd6bf94d5e57a42bd, 0x8637bd05af6c69b6, 0xa7c5ac471b478424, 0xd1b71758e219652c,
    0x83126e978d4fdf3c, 0xa3d70a3d70a3d70b, 0xcccccccccccccccd, 0x8000000000000000,
    0xa000000000000000, 0xc800000000000000, 0xfa00000000000000, 0x9c40000000000000,
    0xc350000000000000, 0xf424000000000000, 0x9896800000000000, 0xbebc200000000000,
    0xee6b280000000000, 0x9502f90000000000, 0xba43b74000000000, 0xe8d4a51000000000,
    0x9184e72a00000000, 0xb5e620f480000000, 0xe35fa931a0000000, 0x8e1bc9bf04000000,
    0xb1a2bc2ec5000000, 0xde0b6b3a76400000, 0x8ac7230489e80000, 0xad78ebc5ac620000,
    0xd8d726b7177a8000, 0x878678326eac9000, 0xa968163f0a57b400, 0xd3c21bcecceda100,
    0x84595161401484a0, 0xa56fa5b99019a5c8, 0xcecb8f27f4200f3a, 0x813f3978f8940985,
    0xa18f07d736b90be6, 0xc9f2c9cd04674edf, 0xfc6f7c4045812297, 0x9dc5ada82b70b59e,
    0xc5371912364ce306, 0xf684df56c3e01bc7, 0x9a130b963a6c115d, 0xc097ce7bc90715b4,
    0xf0bdc21abb48db21, 0x96769950b50d88f5, 0xbc143fa4e250eb32, 0xeb194f8e1ae525fe,
    0x92efd1b8d0cf37bf, 0xb7abc627050305ae, 0xe596b7b0c643c71a, 0x8f7e32ce7bea5c70,
    0xb35dbf821ae4f38c, 0xe0352f62a19e306f,
    // clang-format on
};

// What the floats of one exponent are multiplied by, so that two digits stand between the units and the rounding error.
struct Scale {
  std::uint64_t power = 0;  // 10^k is 2^(beta - exponent - 63) times this
  std::uint32_t delta = 0;  // the length of the rounding interval, scaled by 10^k
  std::int8_t k = 0;
  std::uint8_t beta = 0;
};

constexpr std::array<Scale, 255> scales = [] {
  std::array<Scale, 255> all{};
  for (int biased = 1; biased < 255; ++biased) {
    const int exponent = biased - 150;
    const int k = 1 - ((exponent * 315653) >> 20);      // 1 - floor(log10(2^exponent))
    const int beta = exponent + ((k * 1741647) >> 19);  // exponent + floor(log2(10^k))
    const std::uint64_t power = powers_of_ten[static_cast<std::size_t>(k - first_power)];
    all[static_cast<std::size_t>(biased)] = {.power = power,
                                             .delta = static_cast<std::uint32_t>(power >> (63 - beta)),
                                             .k = static_cast<std::int8_t>(k),
                                             .beta = static_cast<std::uint8_t>(beta)};
  }
  return all;
}();

struct Decimal {
  std::uint32_t digits = 0;  // value = digits * 10^exponent
  int exponent = 0;
};

// Upper 64 bits of the product of 32 and 64 bits.
std::uint64_t upper_product(std::uint32_t a, std::uint64_t b) {
  return std::uint64_t{a} * (b >> 32U) + ((std::uint64_t{a} * (b & 0xffffffffU)) >> 32U);
}

// The shortest decimal in the rounding interval of a normal float that is no power of two, and of these the nearest.
// It may end in zeros.
Decimal shortest(std::uint32_t fraction, std::uint32_t biased_exponent) {
  const std::uint32_t two_f = (fraction | 0x800000U) << 1U;
  const bool even = (fraction & 1U) == 0;
  const auto& [power, delta, k, beta] = scales[biased_exponent];

  // The interval ends at z. Its ends belong to it if the fraction is even.
  const std::uint64_t z = upper_product((two_f | 1U) << beta, power);
  auto digits = static_cast<std::uint32_t>(z >> 32U) / 100;
  auto rest = static_cast<std::uint32_t>(z >> 32U) - digits * 100;

  // Whether a factor's scaled product is odd, and whether it is an integer.
  const auto is_odd = [p = power, s = beta](std::uint32_t factor) { return (factor * p >> (64U - s) & 1U) != 0; };
  const auto is_integer = [p = power, s = beta](std::uint32_t factor) {
    return static_cast<std::uint32_t>(factor * p >> (32U - s)) == 0;
  };

  bool inside = rest < delta;
  if (inside) {
    if (rest == 0 && static_cast<std::uint32_t>(z) == 0 && !even) [[unlikely]] {  // the right end, which is excluded
      --digits;
      rest = 100;
      inside = false;
    }
  } else if (rest == delta) [[unlikely]] {
    inside = is_odd(two_f - 1) || (is_integer(two_f - 1) && even);
  }
  if (inside) return {digits, 2 - k};

  // One digit more: the multiple of 10 nearest to the value itself.
  const std::uint32_t distance = rest - delta / 2 + 5;
  const std::uint32_t tens = distance / 10;
  digits = digits * 10 + tens;
  if (distance == tens * 10) [[unlikely]] {
    const bool odd = ((distance ^ 5U) & 1U) != 0;
    if (is_odd(two_f) != odd || (digits % 2 != 0 && is_integer(two_f))) --digits;
  }
  return {digits, 1 - k};
}

// Stores eight characters, the lowest byte first.
void store(char* to, std::uint64_t characters) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(to, &characters, 8);
  } else {
    for (unsigned i = 0; i < 8; ++i) to[i] = static_cast<char>(characters >> 8 * i & 0xffU);
  }
}

// The eight digits of a number, one in each byte, the first in the lowest.
std::uint64_t eight_digits(std::uint32_t value) {
  const std::uint64_t fours = value / 10000 | std::uint64_t{value % 10000} << 32U;
  const std::uint64_t hundreds = ((fours * 10486) >> 20U) & 0x0000007f0000007fU;
  const std::uint64_t twos = hundreds | (fours - hundreds * 100) << 16U;
  const std::uint64_t tens = ((twos * 103) >> 10U) & 0x000f000f000f000fU;
  return tens | (twos - tens * 10) << 8U;
}

// The digits of a decimal without zeros at either end, and where its point is.
struct Digits {
  std::uint64_t first = 0;  // eight of them as characters, the first in the lowest byte
  char ninth = '0';
  int count = 0;
  int exponent = 0;

  explicit Digits(Decimal decimal) : exponent(decimal.exponent) {
    const bool nine = decimal.digits >= 100'000'000;
    std::uint32_t value = decimal.digits;
    if (nine) {
      ninth = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    first = eight_digits(value);
    const auto leading = static_cast<unsigned>(std::countr_zero(first)) & 0x38U;
    int trailing = static_cast<int>(std::countl_zero(first)) / 8;
    first = (first >> leading) + 0x3030303030303030U;
    count = 8 - static_cast<int>(leading / 8);
    if (nine && ninth != '0') {
      ++count;
      trailing = 0;
    } else if (nine) {
      ++exponent;
    }
    count -= trailing;
    exponent += trailing;
  }

  // Writes the digits from number `from` on, which is at most 7; nine bytes are written.
  void write(char* to, int from = 0) const {
    store(to, first >> static_cast<unsigned>(8 * from));
    to[8 - from] = ninth;
  }
};

// 0.00ddd
char* write_fraction(char* to, const Digits& digits) {
  constexpr std::string_view zeros = "0.000000";
  std::memcpy(to, zeros.data(), zeros.size());
  to += 2 - digits.exponent;
  digits.write(to - digits.count);
  return to;
}

// dd.ddd
char* write_mixed(char* to, const Digits& digits) {
  const int before = digits.count + digits.exponent;
  digits.write(to);
  digits.write(to + before + 1, before);
  to[before] = '.';
  return to + digits.count + 1;
}

// d.ddde-XX
char* write_scientific(char* to, const Digits& digits) {
  digits.write(to);
  digits.write(to + 2, 1);
  to[1] = '.';
  to += digits.count == 1 ? 1 : digits.count + 1;
  const int power = digits.exponent + digits.count - 1;
  const int positive = power < 0 ? -power : power;
  to[0] = 'e';
  to[1] = power < 0 ? '-' : '+';
  to[2] = static_cast<char>('0' + positive / 10);
  to[3] = static_cast<char>('0' + positive % 10);
  return to + 4;
}

// Of all finite floats only this one has a shortest text (7.038531e-26) that becomes its neighbour in a reader that
// goes through double, as most JSON readers do; one more digit helps. All 2^32 bit patterns were tried.
constexpr std::uint32_t rounds_twice = 0x15ae43fd;
constexpr Decimal rounds_twice_decimal = {70385307, -33};

}  // namespace

char* write_float(char* to, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t fraction = bits & 0x7fffffU;
  const std::uint32_t exponent = bits >> 23U & 0xffU;
  if (fraction == 0 || exponent == 0 || exponent == 255) [[unlikely]]
    return std::to_chars(to, to + float_room, value).ptr;

  *to = '-';
  to += bits >> 31U;
  const bool twice = (bits & 0x7fffffffU) == rounds_twice;
  const Digits digits(twice ? rounds_twice_decimal : shortest(fraction, exponent));
  const int zeros = -digits.exponent - digits.count;  // between the point and the first digit
  const bool several = digits.count > 1;              // a single digit needs no point: "2e-05"
  if (zeros >= 0 && (zeros < 3 || (zeros == 3 && several))) return write_fraction(to, digits);
  if (zeros > 0 || digits.exponent > (several ? 5 : 4)) return write_scientific(to, digits);
  if (digits.exponent < 0) return write_mixed(to, digits);
  return std::to_chars(to, to + float_room, static_cast<std::uint64_t>(value < 0 ? -value : value)).ptr;
}

bool append_floats(std::string& out, std::span<const float> values) {
  std::array<char, 1024> piece;  // NOLINT(*-member-init): written before it is read
  char* at = piece.data();
  bool finite = true;
  *at++ = '[';
  for (const float value : values) {
    finite &= (std::bit_cast<std::uint32_t>(value) & 0x7f800000U) != 0x7f800000U;
    at = write_float(at, value);
    *at++ = ',';
    if (at > piece.data() + piece.size() - float_room) {
      out.append(piece.data(), static_cast<std::size_t>(at - piece.data()));
      at = piece.data();
    }
  }
  out.append(piece.data(), static_cast<std::size_t>(at - piece.data()));
  if (values.empty())
    out.push_back(']');
  else
    out.back() = ']';
  return finite;
}

}  // namespace cloudflare::detail
