#pragma once

// Rows of D1: from the cells of a reply to tuples and structs.

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <cloudflare/d1/types.hpp>
#include <cloudflare/detail/d1_fields.hpp>

namespace cloudflare::detail {
template <class T>
class TypedReader;
}

namespace cloudflare::d1 {

class Cell;
/// A type that a column can be read as.
template <class T>
concept ColumnType = requires(const Cell& cell) {
  Type<T>::from(cell);
};

/// The types of values in SQLite.
enum class CellType : std::uint8_t { null, integer, real, text, blob };

/// One value of a row while it is read. Views of its text and bytes are valid as long as the Rows made from it.
class Cell {
 public:
  constexpr Cell() = default;
  constexpr explicit Cell(std::int64_t value) noexcept : type_(CellType::integer), integer_(value) {}
  constexpr explicit Cell(double value) noexcept : type_(CellType::real), real_(value) {}
  constexpr Cell(CellType type, std::string_view bytes) noexcept
      : type_(type), size_(static_cast<std::uint32_t>(bytes.size())), bytes_(bytes.data()) {}

  [[nodiscard]] CellType type() const noexcept { return type_; }
  [[nodiscard]] bool is_null() const noexcept { return type_ == CellType::null; }
  /// Only for a cell of that type.
  [[nodiscard]] std::int64_t integer() const noexcept { return integer_; }
  /// Only for a cell of that type.
  [[nodiscard]] double real() const noexcept { return real_; }
  /// Text or blob; only for a cell of these types.
  [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_, size_}; }

  /// The value as a T. @throws Error  decode if it does not fit
  template <class T>
  [[nodiscard]] T as() const {
    static_assert(
        ColumnType<T>,
        "a column cannot be read as this type: read an enum as an integer, or specialise cloudflare::d1::Type");
    if constexpr (ColumnType<T>) return Type<T>::from(*this);
  }

 private:
  CellType type_ = CellType::null;
  std::uint32_t size_ = 0;
  union {
    std::int64_t integer_ = 0;
    double real_;
    const char* bytes_;
  };
};

/// A struct's members are its columns, by name, if it is an aggregate of up to 16 members without base classes. For any
/// other struct, or other names, write one function beside it:
///
///     auto d1_columns(const User*) { return std::tuple(cf::d1::column("user_id", &User::id), …); }
template <class T, class M>
struct Column {
  std::string_view name;
  M T::*member;  ///< What it is read into.
};
/// A column that is read into a member of another name.
template <class T, class M>
constexpr Column<T, M> column(std::string_view name, M T::*member) {
  return {name, member};
}

}  // namespace cloudflare::d1

namespace cloudflare::detail {

/// An Error of kind decode that says what type the cell has and what was asked for, but never what the cell holds.
[[nodiscard]] CLOUDFLARE_API Error cell_mismatch(const d1::Cell& cell, std::string_view wanted);
/// Handles every cell but an integer within the bounds: takes a whole real such as 5.0, throws otherwise.
[[nodiscard]] CLOUDFLARE_API std::int64_t unusual_integer(const d1::Cell& cell, std::int64_t least, std::int64_t most);
[[nodiscard]] CLOUDFLARE_API std::chrono::sys_seconds time_cell(const d1::Cell& cell);

}  // namespace cloudflare::detail

namespace cloudflare::d1 {

/// Integers from 2^53 on are refused, since JavaScript on the server may have rounded them.
inline constexpr std::int64_t largest_exact_integer = (1LL << 53) - 1;

template <std::integral I>
requires(!std::same_as<I, bool>) struct Type<I> {
  static I from(const Cell& cell) {
    using Limits = std::numeric_limits<I>;
    constexpr std::int64_t least =
        std::is_unsigned_v<I> ? 0 : std::max<std::int64_t>(Limits::min(), -largest_exact_integer);
    constexpr std::int64_t most = sizeof(I) == 8 ? largest_exact_integer : static_cast<std::int64_t>(Limits::max());
    if (cell.type() == CellType::integer && cell.integer() >= least && cell.integer() <= most)
      return static_cast<I>(cell.integer());
    return static_cast<I>(detail::unusual_integer(cell, least, most));
  }
};
/// Reads the integers 0 and 1; any other value is an error of kind decode.
template <>
struct Type<bool> {
  static bool from(const Cell& cell) {
    if (cell.type() == CellType::integer && (cell.integer() == 0 || cell.integer() == 1)) return cell.integer() == 1;
    throw detail::cell_mismatch(cell, "a bool (0 or 1)");
  }
};
/// Reads a real or an integer.
template <std::floating_point F>
struct Type<F> {
  static F from(const Cell& cell) {
    if (cell.type() == CellType::real) return static_cast<F>(cell.real());
    if (cell.type() == CellType::integer) return static_cast<F>(cell.integer());
    throw detail::cell_mismatch(cell, "a number");
  }
};
/// Valid while the Rows live.
template <>
struct Type<std::string_view> {
  static std::string_view from(const Cell& cell) {
    if (cell.type() == CellType::text) return cell.bytes();
    throw detail::cell_mismatch(cell, "text");
  }
};
/// Reads text; a number is an error of kind decode.
template <>
struct Type<std::string> {
  static std::string from(const Cell& cell) {
    if (cell.type() == CellType::text) return std::string(cell.bytes());
    throw detail::cell_mismatch(cell, "text");
  }
};
/// Valid while the Rows live.
template <>
struct Type<std::span<const std::byte>> {
  static std::span<const std::byte> from(const Cell& cell) {
    const std::string_view bytes = cell.bytes();
    if (cell.type() == CellType::blob) return {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
    throw detail::cell_mismatch(cell, "a blob");
  }
};
/// Reads a blob; text is an error of kind decode.
template <>
struct Type<Blob> {
  static Blob from(const Cell& cell) {
    const auto bytes = Type<std::span<const std::byte>>::from(cell);
    return {bytes.begin(), bytes.end()};
  }
};
/// From Unix seconds, or from the text of SQLite's date functions ("2026-01-31 12:00:00", RFC 3339 too).
template <>
struct Type<std::chrono::sys_seconds> {
  static std::chrono::sys_seconds from(const Cell& cell) { return detail::time_cell(cell); }
};
template <class T>
struct Type<std::optional<T>> {
  static std::optional<T> from(const Cell& cell) {
    return cell.is_null() ? std::optional<T>() : std::optional<T>(cell.as<T>());
  }
};

}  // namespace cloudflare::d1

namespace cloudflare::detail {

/// Whether a row has a column that certainly points into the reply.
template <class T>
constexpr bool has_views();

}  // namespace cloudflare::detail

namespace cloudflare::d1 {

/// The rows of one statement: a sequence of tuples or structs, with the names of the columns and the meta of the
/// statement. A copy shares the text that string_view columns point to. From a temporary, rows are taken by value, and
/// not at all if they have such columns.
template <class T>
class [[nodiscard]] Rows {
 public:
  using value_type = T;

  [[nodiscard]] auto begin() const noexcept { return items_.begin(); }
  [[nodiscard]] auto end() const noexcept { return items_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] const T& operator[](std::size_t row) const& noexcept { return items_[row]; }
  [[nodiscard]] T operator[](std::size_t row) && noexcept { return std::move(owned()[row]); }
  [[nodiscard]] const T& front() const& noexcept { return items_.front(); }
  [[nodiscard]] T front() && noexcept { return std::move(owned().front()); }

  /// The rows as a vector. Views in them (string_view, span) are valid as long as this object lives.
  [[nodiscard]] const std::vector<T>& items() const& noexcept { return items_; }
  [[nodiscard]] std::vector<T> items() && noexcept { return std::move(owned()); }

  /// The names that the server gives, duplicates included; they are there even if there are no rows.
  [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
  [[nodiscard]] const Meta& meta() const noexcept { return meta_; }

 private:
  template <class>
  friend class detail::TypedReader;

  std::vector<T>& owned() noexcept {
    static_assert(
        !detail::has_views<T>(),
        "the rows have columns that point into the Rows, a temporary here: keep the Rows in a variable, or read "
        "std::string instead of std::string_view");
    return items_;
  }

  std::vector<T> items_{};
  std::vector<std::string> columns_{};
  Meta meta_{};
  std::shared_ptr<const void> text_{};  // what views point to
};

}  // namespace cloudflare::d1
