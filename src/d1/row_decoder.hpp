#pragma once

// Decodes the JSON of one row into cells. Text is unescaped into the parser's buffer, which must live as long as the
// cells. The numbers of a blob become bytes in place, in the row's JSON.

#include <string>
#include <utility>
#include <vector>

#include <cloudflare/detail/d1_read.hpp>

#include "base/json_in.hpp"

namespace cloudflare::detail {

class RowDecoder {
 public:
  explicit RowDecoder(RowReader& rows) : rows_(rows) {}

  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
  [[nodiscard]] std::vector<std::string> take_columns() { return std::move(columns_); }

  void read_columns(json::array names) {
    for (auto name : names) columns_.push_back(string(name.value()));
    cells_.resize(columns_.size());
    if (!columns_.empty()) rows_.columns(columns_);
  }

  /// A row as an array of cells.
  void read_array(json::value row) {
    if (columns_.empty()) rows_.columns(columns_);  // refused unless no columns are expected
    in_row_ = true;
    column_ = 0;
    Cell* const cells = cells_.data();
    const std::size_t width = cells_.size();
    for (auto cell : row.get_array()) {
      if (column_ == width) refuse_width();
      read_cell(cell.value(), cells[column_]);
      ++column_;
    }
    if (column_ != width) refuse_width();
    rows_.row(cells, column_);
    end_row();
  }

  /// A row as an object, as EdgeBase sends it. The first row gives the columns. Each name is unescaped only once,
  /// because simdjson's buffer has no room for more.
  void read_object(json::value row) {
    const bool first = row_ == 0;
    in_row_ = true;
    column_ = 0;
    for (auto field : row.get_object()) {
      const std::string_view name = field.unescaped_key();
      if (first) {
        columns_.emplace_back(name);
        cells_.emplace_back();
      } else if (column_ == cells_.size() || columns_[column_] != name) {
        throw Error(ErrorKind::decode, "the row has other columns than the first row");
      }
      read_cell(field.value(), cells_[column_]);
      ++column_;
    }
    if (column_ != cells_.size()) refuse_width();
    in_row_ = false;
    if (first) rows_.columns(columns_);
    in_row_ = true;
    rows_.row(cells_.data(), column_);
    end_row();
  }

  /// `error` with row and column. A column's name may hold data, as for SELECT 'secret'.
  [[nodiscard]] Error located(const Error& error) const {
    if (!in_row_) return error;
    return Error(error.kind(),
                 "row " + std::to_string(row_) + ", column " + std::to_string(column_) + ": " + error.details().text);
  }

 private:
  using Cell = d1::Cell;
  using CellType = d1::CellType;

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  [[noreturn]] static void refuse(simdjson::error_code code) { throw simdjson::simdjson_error(code); }

  void end_row() {
    in_row_ = false;
    ++row_;
  }

  [[noreturn]] void refuse_width() const {
    throw Error(ErrorKind::decode, "the row is not as wide as the list of columns, " + std::to_string(cells_.size()));
  }

  // Called from two places; the fast path must not pay for the slow one.
  [[gnu::always_inline]] void read_cell(json::value value, Cell& cell) {
    switch (value.type()) {
      case json::json_type::string: cell = {CellType::text, value.get_string()}; return;
      case json::json_type::number: cell = number(value, cell.type() == CellType::real); return;
      case json::json_type::null:
        if (!value.is_null()) refuse(simdjson::N_ATOM_ERROR);
        cell = Cell();
        return;
      case json::json_type::boolean: cell = Cell(std::int64_t{value.get_bool()}); return;
      case json::json_type::array: cell = blob(value); return;
      default: refuse(simdjson::INCORRECT_TYPE);
    }
  }

  // `was_real`: the column's last cell was. To read a real as an integer first costs more than to look for its point.
  [[gnu::always_inline]] static Cell number(json::value value, bool was_real) {
    if (was_real) {
      const std::string_view token = value.raw_json_token();
      if (token.find('.') != std::string_view::npos) return Cell(value.get_double().value());
    }
    std::int64_t whole = 0;
    if (value.get_int64().get(whole) == simdjson::SUCCESS) return Cell(whole);
    // Includes integers beyond 64 bits: JavaScript writes the REAL 1e20 with 21 digits.
    return Cell(value.get_double().value());
  }

  Cell blob(json::value value) {
    const std::string_view list = value.get_array().value().raw_json();
    const char* at = list.data() + 1;
    char* const begin = const_cast<char*>(list.data());  // NOLINT(*-const-cast): Parsed takes no const text
    char* to = begin;
    const auto skip_blanks = [&] {
      while (is_blank(*at)) ++at;
    };
    skip_blanks();
    while (*at != ']') {
      unsigned byte = 0;
      const char* const first = at;
      for (; is_digit(*at) && at - first < 4; ++at) byte = byte * 10 + static_cast<unsigned>(*at - '0');
      if (at == first || byte > 255) refuse(simdjson::NUMBER_OUT_OF_RANGE);
      skip_blanks();
      if (*at == ',') {
        ++at;
        skip_blanks();
        if (*at == ']') refuse(simdjson::TAPE_ERROR);
      } else if (*at != ']') {
        refuse(simdjson::TAPE_ERROR);
      }
      *to++ = static_cast<char>(byte);  // stays behind `at`: each byte took at least two characters
    }
    return {CellType::blob, {begin, static_cast<std::size_t>(to - begin)}};
  }

  RowReader& rows_;
  std::vector<std::string> columns_{};
  std::vector<Cell> cells_{};
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool in_row_ = false;
};

}  // namespace cloudflare::detail
