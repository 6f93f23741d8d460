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
  /// Takes the next piece of text; calls `statement` for each one that ends in it.
  template <class Statement>
  void feed(std::string_view text, Statement statement) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!step(text[i])) continue;
      pending_.append(text, begin, i - begin);
      begin = i + 1;
      if (take()) statement(std::string_view(done_));
    }
    pending_.append(text, begin);
  }
  /// The last statement may have no semicolon.
  template <class Statement>
  void finish(Statement statement) {
    step('\n');  // ends a word or a comment
    if (take()) statement(std::string_view(done_));
  }
  /// How much text waits for the end of its statement.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

 private:
  enum class In : std::uint8_t { text, quoted, line_comment, block_comment, word };
  // Where a statement stands on its way to being a trigger, and a trigger on its way to its end.
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

/// The statements of `sql` in order, without their semicolons; text that holds only space and comments is none.
[[nodiscard]] std::vector<std::string> split_sql(std::string_view sql);

}  // namespace cloudflare::local
