#pragma once

// Rows of unknown shape: the names of the columns, and cells.

#include <iterator>

#include <cloudflare/d1/rows.hpp>

namespace cloudflare::detail {
class TableReader;
}

namespace cloudflare::d1 {

/// A row whose columns are not known beforehand: a view of its cells, in the order of the columns. Valid as long as the
/// Table lives that it comes from, or during the call of for_each_row's function.
class CLOUDFLARE_API Row {
 public:
  Row(const std::vector<std::string>& columns, const Cell* cells) noexcept : columns_(&columns), cells_(cells) {}

  [[nodiscard]] const Cell* begin() const noexcept { return cells_; }
  [[nodiscard]] const Cell* end() const noexcept { return cells_ + size(); }
  [[nodiscard]] std::size_t size() const noexcept { return columns_->size(); }

  /// @throws Error  decode if there are fewer columns
  [[nodiscard]] const Cell& operator[](std::size_t column) const;
  /// Looks through all names; for many rows ask Table::column() once. @throws Error  decode if there is no such column,
  /// or if there are two
  [[nodiscard]] const Cell& operator[](std::string_view column) const;

  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return *columns_; }

 private:
  const std::vector<std::string>* columns_;
  const Cell* cells_;
};

/// The rows of one statement whose columns are not known beforehand, with the names of the columns, in order, and the
/// meta of the statement. A copy shares everything.
///
/// A Cell is 16 bytes and points to the text of the reply, which the table keeps. Integers and reals are what the
/// server sent: a number without fraction and exponent that fits into 64 bits is an integer. From 2^53 on it may have
/// been rounded there, so Cell::as<std::int64_t>() refuses it and Cell::integer() does not.
class CLOUDFLARE_API Table {
 public:
  using value_type = Row;
  class Iterator;

  Table();

  [[nodiscard]] Iterator begin() const noexcept;
  [[nodiscard]] Iterator end() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] Row operator[](std::size_t row) const noexcept;
  [[nodiscard]] Row front() const noexcept { return (*this)[0]; }

  /// The names that the server gives, duplicates included; they are there even if there are no rows.
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept;
  /// The position of a column. @throws Error  decode if there is none, or if there are two
  [[nodiscard]] std::size_t column(std::string_view name) const;
  [[nodiscard]] const Meta& meta() const noexcept;

 private:
  friend detail::TableReader;
  struct Content;
  explicit Table(std::shared_ptr<const Content> content) : content_(std::move(content)) {}
  std::shared_ptr<const Content> content_;
};

/// Gives a Row by value, so it is an input iterator in the terms of C++17.
class Table::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Row;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Row;

  Iterator() = default;
  Iterator(const std::vector<std::string>& columns, const Cell* cells, std::size_t row) noexcept
      : columns_(&columns), cells_(cells), row_(row) {}

  Row operator*() const noexcept { return {*columns_, cells_ + row_ * columns_->size()}; }
  Iterator& operator++() noexcept {
    ++row_;
    return *this;
  }
  Iterator operator++(int) noexcept {
    Iterator before = *this;
    ++row_;
    return before;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.row_ == b.row_; }

 private:
  const std::vector<std::string>* columns_ = nullptr;
  const Cell* cells_ = nullptr;
  std::size_t row_ = 0;
};

inline auto Table::begin() const noexcept -> Iterator { return {columns(), (*this)[0].begin(), 0}; }
inline auto Table::end() const noexcept -> Iterator { return {columns(), nullptr, size()}; }

/// What a cell holds, as a value of its own. For std::visit: `cell.as<d1::Value>().stored()`.
template <>
struct CLOUDFLARE_API Type<Value> {
  static Value from(const Cell& cell);
};
/// A column of any type, and a cell as a parameter. Valid while the Rows live.
template <>
struct CLOUDFLARE_API Type<Cell> {
  static Cell from(const Cell& cell) { return cell; }
  static Value to(const Cell& cell) { return Type<Value>::from(cell); }
};

/// What for_each_row() returns when all rows have been handed over.
struct ReadResult {
  std::uint64_t rows = 0;
  std::vector<std::string> columns{};  ///< As Rows::columns().
  Meta meta{};
};

}  // namespace cloudflare::d1
