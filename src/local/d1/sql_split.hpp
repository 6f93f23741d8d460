#pragma once

// Cuts SQL text at the semicolons between statements, piece by piece, so that files of any size can be run.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloudflare::local {

/// Knows strings, quoted names, comments, and the semicolons inside CREATE TRIGGER … END.
class SqlSplitter {
 public:
  /// Takes the next piece of text; calls `statement` for each statement that ends in it.
  template <class SqliteStatement>
  void feed(std::string_view text, SqliteStatement statement) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!step(text[i])) continue;
      pending_.append(text, begin, i - begin);
      begin = i + 1;
      if (take()) statement(std::string_view(done_));
    }
    pending_.append(text, begin);
  }
  /// Ends the text; calls `statement` for the last one if it has no semicolon.
  template <class SqliteStatement>
  void finish(SqliteStatement statement) {
    step('\n');  // ends a word or a comment
    if (take()) statement(std::string_view(done_));
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
  bool take();

  std::string pending_{};
  std::string done_{};
  std::string word_{};
  In in_ = In::text;
  Trigger trigger_ = Trigger::unknown;
  char quote_ = 0;
  char previous_ = 0;
  bool content_ = false;
};

/// The statements of `sql` in order, without their semicolons; text of only space and comments is no statement.
[[nodiscard]] std::vector<std::string> split_sql(std::string_view sql);

}  // namespace cloudflare::local
