#include "d1/sql_split.hpp"

#include <utility>

namespace cloudflare::ops {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

}  // namespace

bool SqlSplitter::next(std::string_view& text) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!step(text[i])) continue;
    pending_.append(text, begin, i - begin);
    begin = i + 1;
    if (!take()) continue;
    text.remove_prefix(begin);
    return true;
  }
  pending_.append(text, begin);
  text = {};
  return false;
}

bool SqlSplitter::finish() {
  step('\n');  // ends a word or a comment
  return take();
}

// True for a semicolon that ends a statement.
bool SqlSplitter::step(char c) {
  if (c == '\n') ++lines_;
  const char before = std::exchange(previous_, c);
  switch (in_) {
    case In::quoted:
      if (c == quote_) in_ = In::text;  // a doubled quote opens it again
      return false;
    case In::line_comment:
      if (c == '\n') in_ = In::text;
      return false;
    case In::block_comment:
      if (before == '*' && c == '/') {
        in_ = In::text;
        previous_ = 0;
      }
      return false;
    case In::word:
      if (is_word(c)) {
        if (word_.size() < 16) word_ += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
        if (word_ == "\xEF\xBB\xBF") in_ = In::text;  // a byte order mark is a blank to SQLite, wherever it stands
        return false;
      }
      in_ = In::text;
      word();
      break;
    case In::text: break;
  }
  if (is_word(c)) {
    begin();
    in_ = In::word;
    word_.assign(1, static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c));
    return false;
  }
  if (before == '-' && c == '-') {
    in_ = In::line_comment;
    return false;
  }
  if (before == '/' && c == '*') {
    in_ = In::block_comment;
    previous_ = 0;
    return false;
  }
  if (c == ';') return separator(c);
  if (is_space(c) || c == '-' || c == '/') return false;  // '-' and '/' may begin a comment
  token();
  if (c == '\'' || c == '"' || c == '`' || c == '[') {
    in_ = In::quoted;
    quote_ = c == '[' ? ']' : c;
  }
  return false;
}

// As in SQLite, a trigger ends with "; END ;", so a CASE … END inside does not end it.
bool SqlSplitter::separator(char) {
  if (trigger_ == Trigger::body || trigger_ == Trigger::semicolon) {
    trigger_ = Trigger::semicolon;
    return false;
  }
  return true;
}

void SqlSplitter::begin() {
  if (!content_) line_ = lines_;
}

void SqlSplitter::word() {
  if (!content_) first_word_ = word_;
  content_ = true;
  switch (trigger_) {
    case Trigger::unknown:
      trigger_ = word_ == "CREATE" ? Trigger::create : word_ == "EXPLAIN" ? Trigger::explain : Trigger::no;
      break;
    case Trigger::explain:
      if (word_ != "QUERY" && word_ != "PLAN") trigger_ = word_ == "CREATE" ? Trigger::create : Trigger::no;
      break;
    case Trigger::create:
      if (word_ != "TEMP" && word_ != "TEMPORARY") trigger_ = word_ == "TRIGGER" ? Trigger::body : Trigger::no;
      break;
    case Trigger::semicolon: trigger_ = word_ == "END" ? Trigger::end : Trigger::body; break;
    case Trigger::end:
    case Trigger::body:
    case Trigger::no: break;
  }
}

void SqlSplitter::token() {
  begin();
  content_ = true;
  if (trigger_ == Trigger::semicolon) trigger_ = Trigger::body;
  if (trigger_ != Trigger::body && trigger_ != Trigger::end) trigger_ = Trigger::no;
}

bool SqlSplitter::take() {
  done_.clear();
  std::swap(done_, pending_);
  done_word_ = std::exchange(first_word_, std::string());
  done_line_ = line_;
  trigger_ = Trigger::unknown;
  previous_ = 0;
  return std::exchange(content_, false);
}

std::vector<std::string> split_sql(std::string_view sql) {
  std::vector<std::string> statements;
  const auto keep = [&](std::string_view statement) {
    const std::size_t begin = statement.find_first_not_of(" \t\n\f\r");
    const std::size_t end = statement.find_last_not_of(" \t\n\f\r");
    statements.emplace_back(statement.substr(begin, end - begin + 1));
  };
  SqlSplitter splitter;
  splitter.feed(sql, keep);
  splitter.finish(keep);
  return statements;
}

}  // namespace cloudflare::ops
