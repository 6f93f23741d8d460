#include "base/json_check.hpp"

#include <algorithm>

#include <cloudflare/json_text.hpp>
#include <cloudflare/limits.hpp>

#include "base/encode.hpp"

namespace cloudflare::detail {

namespace {

// simdjson wants a copy with padding, refuses integers above 64 bits, and in its lazy form lets words like null9 pass:
// metadata is short, and a recursive-descent parser costs less. Each function consumes what it names, or returns false.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}

  bool document() noexcept {
    if (!value(limits::json_depth)) return false;
    blanks();
    return at_ == end_;
  }

 private:
  [[nodiscard]] char peek() const noexcept { return at_ == end_ ? '\0' : *at_; }
  bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void blanks() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  // `depth`: levels of nesting that are left.
  bool value(std::size_t depth) noexcept {
    blanks();
    switch (peek()) {
      case '{': return list('{', '}', depth, true);
      case '[': return list('[', ']', depth, false);
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  bool list(char open, char close, std::size_t depth, bool named) noexcept {
    if (depth == 0 || !take(open)) return false;
    blanks();
    if (take(close)) return true;
    do {
      if (named && !name()) return false;
      if (!value(depth - 1)) return false;
      blanks();
    } while (take(','));
    return take(close);
  }
  bool name() noexcept {
    blanks();
    if (!string()) return false;
    blanks();
    return take(':');
  }

  bool string() noexcept {
    if (!take('"')) return false;
    while (at_ != end_ && *at_ != '"') {
      if (static_cast<unsigned char>(*at_) < 0x20) return false;
      if (*at_++ == '\\' && !escape()) return false;
    }
    return take('"');
  }
  bool escape() noexcept {
    if (!take('u')) {
      constexpr std::string_view letters = "\"\\/bfnrt";
      return at_ != end_ && letters.find(*at_++) != std::string_view::npos;
    }
    for (int digit = 0; digit < 4; ++digit) {
      constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF";
      if (at_ == end_ || hexadecimal.find(*at_++) == std::string_view::npos) return false;
    }
    return true;
  }

  bool word(std::string_view text) noexcept {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  bool number() noexcept {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('-')) take('+');
    return digits();
  }
  bool digits() noexcept {
    const char* begin = at_;
    at_ = std::find_if(at_, end_, [](char c) { return c < '0' || c > '9'; });
    return at_ != begin;
  }

  const char* at_;
  const char* end_;
};

}  // namespace

std::string json_mismatch(std::string_view what, int exception, std::string_view text, std::size_t byte) {
  constexpr int no_json = 101, wrong_type = 302, wrong_value_call = 306, no_item = 401, no_key = 403;
  std::string line(what);
  if (exception == no_json) return line + " is not JSON from its byte " + std::to_string(byte) + " on";
  line += " does not fit the type asked for";
  // "[json.exception.out_of_range.403] key 'name' not found". Other exceptions may quote the text itself.
  const std::size_t begin = text.find("] ");
  const bool of_type = exception >= wrong_type && exception <= wrong_value_call;
  if ((!of_type && exception != no_item && exception != no_key) || begin == std::string_view::npos)
    return line + " (JSON exception " + std::to_string(exception) + ")";
  const std::string_view words = text.substr(begin + 2);
  line.append(": ").append(words);
  if (of_type && !words.starts_with('(')) line += "; compile with JSON_DIAGNOSTICS=1 to see which field";
  return line;
}

bool is_json(std::string_view text) noexcept { return JsonWalk(text).document() && is_utf8(text); }

}  // namespace cloudflare::detail
