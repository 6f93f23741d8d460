#include "base/encode.hpp"

#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include <cloudflare/json_text.hpp>
#include <cloudflare/limits.hpp>

namespace cloudflare::detail {

namespace {

// How a JSON string escapes a byte: 0 is not at all, 'u' is \u00XX, anything else is that letter after a backslash.
constexpr std::array<char, 256> json_escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

// Whether one of eight bytes has an entry in json_escapes.
bool any_escapes(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  constexpr std::uint64_t each = 0x0101010101010101;
  const auto below = [&](std::uint64_t w, std::uint64_t bound) { return (w - each * bound) & ~w; };
  return ((below(word, 0x20) | below(word ^ (each * '"'), 1) | below(word ^ (each * '\\'), 1)) & (each * 0x80)) != 0;
}

// Position of the first byte from `at` on that a JSON string must escape, or the size.
std::size_t first_escape(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size() && !any_escapes(text.data() + at)) at += 8;
  while (at < text.size() && json_escapes[static_cast<unsigned char>(text[at])] == 0) ++at;
  return at;
}

constexpr std::string_view hex_digits = "0123456789ABCDEF";

enum class Base64Byte : std::uint8_t { other, letter, padding, blank };
constexpr std::array<Base64Byte, 256> base64_bytes = [] {
  std::array<Base64Byte, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
    table[static_cast<unsigned char>(c)] = Base64Byte::letter;
  for (const char c : std::string_view(" \t\n\f\r")) table[static_cast<unsigned char>(c)] = Base64Byte::blank;
  table['='] = Base64Byte::padding;
  return table;
}();

// RFC 3986's unreserved characters.
constexpr std::array<bool, 256> unreserved = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();
constexpr bool is_unreserved(char c) { return unreserved[static_cast<unsigned char>(c)]; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A fixed-width decimal field; -1 if it is not there.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data() + at, text.data() + at + width, value);
  return failed == std::errc() && end == text.data() + at + width && value >= 0 ? value : -1;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  constexpr std::size_t short_text = 64;  // mostly ASCII keys: simdjson's start-up costs more than it saves
  if (text.size() <= short_text && std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; }))
    return true;
  return simdjson::validate_utf8(text.data(), text.size());
}

bool nested_too_deep(std::string_view json) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limits::json_depth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

bool is_id(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_unreserved(c) && c != '.' && c != '~'; });
}

bool append_json_string(std::string& out, std::string_view text, std::size_t most) {
  const std::size_t begin = out.size();
  out.push_back('"');
  std::size_t plain = 0;  // first byte not yet copied
  for (std::size_t i = first_escape(text, 0); i < text.size(); i = first_escape(text, i + 1)) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = json_escapes[byte];
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (escape == 'u') {
      const std::array<char, 6> unicode{'\\', 'u', '0', '0', hex_digits[byte >> 4U], hex_digits[byte & 15U]};
      out.append(unicode.data(), unicode.size());
    } else {
      const std::array<char, 2> letter{'\\', escape};
      out.append(letter.data(), letter.size());
    }
    if (out.size() - begin > most) break;
  }
  if (out.size() - begin + text.size() - plain + 1 > most) {
    out.resize(begin);
    return false;
  }
  out.append(text, plain, text.size() - plain);
  out.push_back('"');
  return true;
}

void append_number(std::string& out, std::int64_t number) {
  std::array<char, 24> digits_of{};
  out.append(digits_of.data(), std::to_chars(digits_of.data(), digits_of.data() + digits_of.size(), number).ptr);
}

void append_percent_encoded(std::string& out, std::string_view text) {
  std::size_t plain = 0;  // first byte not yet copied
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_unreserved(text[i])) continue;
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::array<char, 3> code{'%', hex_digits[byte >> 4U], hex_digits[byte & 15U]};
    out.append(text, plain, i - plain).append(code.data(), code.size());
    plain = i + 1;
  }
  out.append(text, plain);
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4 + 1);  // one more for the NUL that OpenSSL writes
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + begin),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(begin + static_cast<std::size_t>(size));
}

bool is_base64(std::string_view text) noexcept {
  std::size_t letters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    const Base64Byte kind = base64_bytes[static_cast<unsigned char>(c)];
    if (kind == Base64Byte::blank) continue;
    if (kind == Base64Byte::other || (padding != 0 && kind == Base64Byte::letter)) return false;
    ++(kind == Base64Byte::letter ? letters : padding);
  }
  return letters % 4 != 1 && (padding == 0 || (padding <= 2 && (letters + padding) % 4 == 0));
}

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string();
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.substr(0, text.size() - padding).find('=') != std::string_view::npos) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  // OpenSSL skips blanks and dashes around the text, and then gives fewer bytes.
  if (size < 0 || static_cast<std::size_t>(size) != out.size()) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text) noexcept {
  using namespace std::chrono;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  const year_month_day date{year(digits(text, 0, 4)), month(static_cast<unsigned>(digits(text, 5, 2))),
                            day(static_cast<unsigned>(digits(text, 8, 2)))};
  if (!date.ok() || digits(text, 0, 4) < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60)
    return std::nullopt;
  std::size_t zone = 19;
  if (text[zone] == '.') zone = std::min(text.find_first_not_of("0123456789", zone + 1), text.size());
  minutes offset{0};
  const std::string_view rest = text.substr(zone);
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' && digits(rest, 1, 2) >= 0 &&
      digits(rest, 4, 2) >= 0) {
    offset = hours(digits(rest, 1, 2)) + minutes(digits(rest, 4, 2));
    if (rest[0] == '-') offset = -offset;
  } else if (rest != "Z" && rest != "z") {
    return std::nullopt;
  }
  return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - offset;
}

std::string format_rfc3339(std::chrono::sys_seconds time) {
  using namespace std::chrono;
  constexpr sys_seconds first = sys_days(year(0) / January / 1);
  constexpr sys_seconds last = sys_days(year(9999) / December / 31) + hours(24) - seconds(1);
  const sys_seconds shown = std::clamp(time, first, last);
  const sys_days day = floor<days>(shown);
  const year_month_day date(day);
  const hh_mm_ss clock(shown - day);
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace cloudflare::detail
