#pragma once

// Cuts SQL text at the semicolons between statements, piece by piece, so that files of any size can be run.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::ops {

/// Knows strings, quoted names, comments, and the semicolons inside CREATE TRIGGER … END.
class CLOUDFLARE_API SqlSplitter {
 public:
  /// Takes text from the front of `text` up to the end of the next statement, or all of it. True if a statement ended.
  bool next(std::string_view& text);
  /// Ends the text. True if it was the end of a statement, too.
  bool finish();
  /// The statement that ended, without its semicolon but with what stands before it, and its first word in upper case
  /// (of up to 16 characters; empty if it begins with no word). Valid until next() or finish().
  [[nodiscard]] std::string_view statement() const noexcept { return done_; }
  [[nodiscard]] std::string_view first_word() const noexcept { return done_word_; }
  /// The line, from 1, of the first word or sign of that statement.
  [[nodiscard]] std::uint64_t line() const noexcept { return done_line_; }

  /// Takes the next piece of text; calls `statement` for each statement that ends in it.
  template <class SqliteStatement>
  void feed(std::string_view text, SqliteStatement statement) {
    while (next(text)) statement(std::string_view(done_));
  }
  /// Ends the text; calls `statement` for the last one if it has no semicolon.
  template <class SqliteStatement>
  void finish(SqliteStatement statement) {
    if (finish()) statement(std::string_view(done_));
  }
  /// The size of the text whose statement has not ended yet.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

 private:
  enum class In : std::uint8_t { text, quoted, line_comment, block_comment, word };
  // How far a statement matches CREATE TRIGGER, and how far a trigger is from its end.
  enum class Trigger : std::uint8_t { unknown, explain, create, no, body, semicolon, end };

  bool step(char c);
  bool separator(char c);
  void word();
  void token();
  void begin();
  bool take();

  std::string pending_{};
  std::string done_{};
  std::string word_{};
  std::string first_word_{};
  std::string done_word_{};
  std::uint64_t lines_ = 1;
  std::uint64_t line_ = 1;
  std::uint64_t done_line_ = 1;
  In in_ = In::text;
  Trigger trigger_ = Trigger::unknown;
  char quote_ = 0;
  char previous_ = 0;
  bool content_ = false;
};

/// The statements of `sql` in order, without their semicolons; text of only space and comments is no statement.
[[nodiscard]] CLOUDFLARE_API std::vector<std::string> split_sql(std::string_view sql);

}  // namespace cloudflare::ops
