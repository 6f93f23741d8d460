#pragma once

// Finds the rows in a reply that arrives in pieces.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cloudflare::ops {

/// Cuts the JSON of a reply into its rows and the rest: the same reply with an empty list of rows. It knows strings and
/// nesting and nothing else of JSON; whoever gets the pieces reads them strictly.
///
/// Rows that it does not recognise, such as rows before their columns, stay in the rest, whose reader finds them there.
class RowSplitter {
 public:
  /// v4: `{"result":[{"results":{"columns":[…],"rows":[[…],…]},…}],…}`; EdgeBase: `{"results":[{…},…],…}`.
  enum class Layout : std::uint8_t { v4, edgebase };

  /// Takes the pieces. The text may be changed; it is valid during the call.
  class Receiver {
   public:
    /// The list of the columns, before the first row. Not called in EdgeBase's layout.
    virtual void take_columns(std::string& json) = 0;
    virtual void take_row(std::string& json) = 0;

   protected:
    ~Receiver() = default;
  };

  RowSplitter(Layout layout, std::uint64_t rest_limit);

  /// Takes the next bytes of the reply, cut anywhere. @throws Error  decode: no row where one must be, or nested too
  /// deeply; too_large: a row, or the rest. The splitter is of no use after an exception.
  void feed(std::string_view bytes, Receiver& receiver);
  /// All bytes but those of the rows.
  [[nodiscard]] std::string take_rest() { return std::move(rest_); }
  /// Forgets everything, for another reply.
  void restart() { *this = RowSplitter(layout_, rest_limit_); }

 private:
  // A container on the way to the rows: its bracket, and its key in the container around it. Without a key it is the
  // first element there.
  struct Step {
    char bracket;
    std::string_view key;
  };
  enum class Part : std::uint8_t { rest, between_rows, row };

  [[nodiscard]] static std::span<const Step> steps_of(Layout layout) noexcept;
  [[nodiscard]] bool on_the_way() const noexcept { return depth_ == matched_; }
  /// Each takes bytes of its part, and returns how many.
  std::size_t feed_rest(std::string_view bytes, Receiver& receiver);
  std::size_t feed_between(std::string_view bytes);
  std::size_t feed_row(std::string_view bytes, Receiver& receiver);
  void next_in_string(char c) noexcept;
  void open(char bracket, std::size_t at);
  /// Whether the list of the columns ends here.
  bool close() noexcept;
  void go_deeper();

  Layout layout_;
  std::uint64_t rest_limit_;
  std::span<const Step> steps_;
  std::string rest_{};
  std::string row_{};
  Part part_ = Part::rest;
  bool in_string_ = false;
  bool escaped_ = false;
  std::size_t depth_ = 0;    // open containers
  std::size_t matched_ = 0;  // how many of them are steps
  // In the innermost step: the latest string, the key of the coming value, and whether the coming value is the first.
  std::string string_{};
  std::string key_{};
  bool first_ = true;
  std::size_t columns_at_ = std::string::npos;  // begin of the list of columns in rest_
  bool columns_known_ = false;
  bool rows_found_ = false;
  bool row_may_come_ = false;  // between rows: the list has just begun, or there was a comma
  bool rows_may_end_ = false;
};

}  // namespace cloudflare::ops
