#pragma once

// How a reply becomes Rows: the compiled core reads the JSON row by row into cells and hands each row to a RowReader,
// which turns it into the caller's type.

#include <cloudflare/d1/rows.hpp>
#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail {

/// The typed side of reading.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The names of the columns, before the first row. @throws Error
  virtual void columns(const std::vector<std::string>& names) = 0;
  /// One row, as many cells as there are columns. `at` is kept at the column being read, for errors.
  virtual void row(const d1::Cell* cells, std::size_t& at) = 0;
};

/// What the result of a statement holds besides its rows.
struct RowsHead {
  std::vector<std::string> columns{};
  d1::Meta meta{};
  std::shared_ptr<const void> text{};  ///< Owns what cells of text point into.
};

/// Reads the one result of a /raw reply. Cells of blobs point into its body, cells of text into RowsHead::text. An
/// exception from a type of the caller passes through, unless it is an Error.
CLOUDFLARE_API Result<RowsHead> read_rows(Reply& reply, RowReader& rows);

/// Throws if the rows do not have as many columns as the type.
void CLOUDFLARE_API check_width(std::size_t columns, std::size_t wanted);
/// The position of a column; throws if it is missing or comes twice.
[[nodiscard]] CLOUDFLARE_API std::size_t find_column(const std::vector<std::string>& columns, std::string_view name);

template <class T>
inline constexpr bool is_view = false;
template <>
inline constexpr bool is_view<std::string_view> = true;
template <>
inline constexpr bool is_view<std::span<const std::byte>> = true;
template <class T>
inline constexpr bool is_view<std::optional<T>> = is_view<T>;

/// Whether a type certainly points into no reply. False for types of the user, which may hold a view.
template <class T>
inline constexpr bool is_owned = std::is_arithmetic_v<T> || std::is_same_v<T, std::string> ||
                                 std::is_same_v<T, d1::Blob> || std::is_same_v<T, std::chrono::sys_seconds>;
template <class T>
inline constexpr bool is_owned<std::optional<T>> = is_owned<T>;

template <class T>
concept NamesColumns = requires(const T* t) {
  d1_columns(t);
};

/// How a T is made from a row: tuples by position, structs by the names of their members.
template <class T>
struct RowShape {
  static_assert(NamesColumns<T> || (std::is_aggregate_v<T> && field_count<T>() > 0),
                "give the struct a d1_columns() function: it is no aggregate of up to 16 members");
  static constexpr bool by_name = true;
  static auto names() {
    if constexpr (NamesColumns<T>)
      return std::apply([](const auto&... column) { return std::array{column.name...}; },
                        d1_columns(static_cast<const T*>(nullptr)));
    else
      return field_names<T>(std::make_index_sequence<field_count<T>()>());
  }
  template <class Row>
  static auto tie(Row& row) {
    if constexpr (NamesColumns<T>)
      return std::apply([&](const auto&... column) { return std::tie(row.*column.member...); },
                        d1_columns(static_cast<const T*>(nullptr)));
    else
      return tie_fields(row);
  }
};
template <class... Columns>
struct RowShape<std::tuple<Columns...>> {
  static constexpr bool by_name = false;
  static auto tie(std::tuple<Columns...>& row) {
    return std::apply([](auto&... members) { return std::tie(members...); }, row);
  }
};

template <class T>
class TypedReader final : public RowReader {
  using Members = decltype(RowShape<T>::tie(std::declval<T&>()));
  static constexpr std::size_t width = std::tuple_size_v<Members>;

 public:
  /// Reads the rows of a reply, which Rows keep if their type may point into it.
  static Result<d1::Rows<T>> read(Reply reply) {
    struct Kept {
      Reply reply;
      std::shared_ptr<const void> text{};
    };
    const auto kept = std::make_shared<Kept>(Kept{std::move(reply)});
    TypedReader reader;
    auto head = read_rows(kept->reply, reader);
    if (!head) return head.error();
    reader.rows_.columns_ = std::move(head->columns);
    reader.rows_.meta_ = std::move(head->meta);
    if constexpr (!owns_all(std::make_index_sequence<width>())) {
      kept->text = std::move(head->text);
      reader.rows_.text_ = kept;
    }
    return std::move(reader.rows_);
  }

  void columns(const std::vector<std::string>& names) override {
    if constexpr (RowShape<T>::by_name) {
      const auto wanted = RowShape<T>::names();
      for (std::size_t i = 0; i < width; ++i) places_[i] = find_column(names, wanted[i]);
    } else {
      check_width(names.size(), width);
    }
  }

  void row(const d1::Cell* cells, std::size_t& at) override {
    fill(RowShape<T>::tie(rows_.items_.emplace_back()), cells, at, std::make_index_sequence<width>());
  }

 private:
  template <std::size_t... I>
  void fill(Members members, const d1::Cell* cells, std::size_t& at, std::index_sequence<I...>) {
    (set(std::get<I>(members), cells, at = RowShape<T>::by_name ? places_[I] : I), ...);
  }
  template <class M>
  static void set(M& member, const d1::Cell* cells, std::size_t at) {
    member = d1::Type<M>::from(cells[at]);
  }

  template <std::size_t... I>
  static constexpr bool owns_all(std::index_sequence<I...>) {
    return (is_owned<std::remove_cvref_t<std::tuple_element_t<I, Members>>> && ...);
  }

  d1::Rows<T> rows_{};
  std::array<std::size_t, width> places_{};
};

/// The error of a query for one row that gave several.
[[nodiscard]] CLOUDFLARE_API Error several_rows(std::size_t count);

template <class T>
Result<std::optional<T>> read_one(Reply reply) {
  auto rows = TypedReader<T>::read(std::move(reply));
  if (!rows) return rows.error();
  if (rows->size() > 1) return several_rows(rows->size());
  if (rows->empty()) return std::optional<T>();
  return std::optional<T>(std::move(std::move(*rows).items().front()));
}

template <class T>
Result<std::optional<T>> read_value(Reply reply) {
  auto row = read_one<std::tuple<T>>(std::move(reply));
  if (!row) return row.error();
  return *row ? std::optional<T>(std::get<0>(std::move(**row))) : std::optional<T>();
}

}  // namespace cloudflare::detail
