#include "d1/sql.hpp"

#include <algorithm>
#include <array>

namespace cloudflare::ops {

namespace {

enum class Token { code, blank, quoted, comment, semicolon };

// Steps over one token of SQL: a character of code, or a whole string, quoted name or comment. As in SQLite, an
// unclosed one ends with the text.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  [[nodiscard]] bool at_end() const { return at_ == sql_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }

  Token next() {
    const char c = sql_[at_];
    switch (c) {
      case ';': ++at_; return Token::semicolon;
      case '\'':
      case '"':
      case '`': return skip_quoted(c);
      case '[': return skip_to("]", 1, Token::quoted);
      case ' ':
      case '\t':
      case '\n':
      case '\f':
      case '\r': ++at_; return Token::blank;
      default: break;
    }
    const std::string_view rest = sql_.substr(at_);
    if (rest.starts_with("--")) return skip_to("\n", 2, Token::comment);
    if (rest.starts_with("/*")) return skip_to("*/", 2, Token::comment);
    if (rest.starts_with("\xEF\xBB\xBF")) {  // a byte order mark
      at_ += 3;
      return Token::blank;
    }
    ++at_;
    return Token::code;
  }

 private:
  Token skip_to(std::string_view end, std::size_t opening, Token token) {
    const std::size_t found = sql_.find(end, at_ + opening);
    at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
    return token;
  }
  // A doubled quote counts as two adjacent strings, which gives the same result.
  Token skip_quoted(char quote) { return skip_to(std::string_view(&quote, 1), 1, Token::quoted); }

  std::string_view sql_;
  std::size_t at_ = 0;
};

bool begins_with_word(std::string_view text, std::string_view word) {
  const auto letter = [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); };
  const auto part_of_word = [&](char c) {
    return (letter(c) >= 'A' && letter(c) <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (letter(text[i]) != word[i]) return false;
  return text.size() == word.size() || !part_of_word(text[word.size()]);
}

}  // namespace

SqlShape shape_of(std::string_view sql) {
  SqlShape shape;
  bool reads = false;
  std::size_t begin = 0;
  bool blank = true;
  const auto end_piece = [&](std::size_t end) {
    if (!blank) {
      ++shape.statements;
      shape.longest = std::max(shape.longest, end - begin);
    }
    blank = true;
  };
  for (Scanner scanner(sql); !scanner.at_end();) {
    const std::size_t at = scanner.position();
    const Token token = scanner.next();
    if (token == Token::semicolon) {
      end_piece(at);
      begin = scanner.position();
    } else if (blank && (token == Token::code || token == Token::quoted)) {
      blank = false;
      const std::string_view rest = sql.substr(at);
      reads = begins_with_word(rest, "SELECT") || begins_with_word(rest, "VALUES") || begins_with_word(rest, "EXPLAIN");
    }
  }
  shape.open = !blank;
  end_piece(sql.size());
  shape.reads = reads && shape.statements == 1;
  return shape;
}

std::string quoted_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string with_plain_lines(std::string_view sql) {
  if (sql.find('\r') == std::string_view::npos) return std::string(sql);
  std::string plain;
  plain.reserve(sql.size());
  for (Scanner scanner(sql); !scanner.at_end();) {
    const std::size_t at = scanner.position();
    const Token token = scanner.next();
    const std::string_view piece = sql.substr(at, scanner.position() - at);
    if (token == Token::quoted) {
      plain.append(piece);
      continue;
    }
    for (std::size_t i = 0; i < piece.size(); ++i)
      if (piece[i] != '\r' || !sql.substr(at + i + 1).starts_with('\n')) plain.push_back(piece[i]);
  }
  return plain;
}

}  // namespace cloudflare::ops
