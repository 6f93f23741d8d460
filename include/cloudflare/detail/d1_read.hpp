#pragma once

// How a reply becomes Rows: the compiled core reads the JSON row by row into cells and hands each row to a RowReader,
// which turns it into the caller's type.

#include <functional>

#include <cloudflare/d1/table.hpp>
#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail {

/// The typed side of reading.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The names of the columns, before the first row. @throws Error
  virtual void columns(const std::vector<std::string>& names) = 0;
  /// How many rows there are likely to be.
  virtual void expect(std::size_t /*rows*/) {}
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
template <>
inline constexpr bool is_view<d1::Cell> = true;
template <class T>
inline constexpr bool is_view<std::optional<T>> = is_view<T>;

/// Whether a type certainly points into no reply. False for types of the user, which may hold a view.
template <class T>
inline constexpr bool is_owned =
    std::is_arithmetic_v<T> || std::is_same_v<T, std::string> || std::is_same_v<T, d1::Blob> ||
    std::is_same_v<T, std::chrono::sys_seconds> || std::is_same_v<T, d1::Value>;
template <class T>
inline constexpr bool is_owned<std::optional<T>> = is_owned<T>;

template <class T>
concept NamesColumns = requires(const T* t) {
  d1_columns(t);
};

/// How a T is made from a row: tuples by position, structs by the names of their members.
template <class T>
struct RowShape {
  static constexpr bool by_name = true;
  static auto names() {
    if constexpr (NamesColumns<T>)
      return std::apply([](const auto&... column) { return std::array{column.name...}; },
                        d1_columns(static_cast<const T*>(nullptr)));
    else if constexpr (HasBase<T>)
      return std::array<std::string_view, 0>();
    else
      return field_names<T>(std::make_index_sequence<field_count<T>()>());
  }
  template <class Row>
  static auto tie(Row& row) {
    static_assert(NamesColumns<T> || !HasBase<T>,
                  "give the struct a d1_columns() function: a struct with a base class does not name its members");
    static_assert(NamesColumns<T> || HasBase<T> || (std::is_aggregate_v<T> && field_count<T>() > 0),
                  "give the struct a d1_columns() function: it is no aggregate of up to 16 members");
    if constexpr (NamesColumns<T>)
      return std::apply([&](const auto&... column) { return std::tie(row.*column.member...); },
                        d1_columns(static_cast<const T*>(nullptr)));
    else if constexpr (HasBase<T>)
      return std::tuple<>();
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

/// Fills a T from cells.
template <class T>
class RowMaker {
 public:
  using Members = decltype(RowShape<T>::tie(std::declval<T&>()));
  static constexpr std::size_t width = std::tuple_size_v<Members>;

  void columns(const std::vector<std::string>& names) {
    if constexpr (RowShape<T>::by_name) {
      const auto wanted = RowShape<T>::names();
      for (std::size_t i = 0; i < width; ++i) places_[i] = find_column(names, wanted[i]);
    } else {
      check_width(names.size(), width);
    }
  }
  void fill(T& row, const d1::Cell* cells, std::size_t& at) const {
    fill(RowShape<T>::tie(row), cells, at, std::make_index_sequence<width>());
  }

 private:
  template <std::size_t... I>
  void fill(Members members, const d1::Cell* cells, std::size_t& at, std::index_sequence<I...>) const {
    (set(std::get<I>(members), cells, at = RowShape<T>::by_name ? places_[I] : I), ...);
  }
  template <class M>
  static void set(M& member, const d1::Cell* cells, std::size_t at) {
    member = cells[at].as<M>();
  }

  std::array<std::size_t, width> places_{};
};

template <class T>
constexpr bool has_views() {
  return []<class... M>(std::type_identity<std::tuple<M...>>) {
    return (is_view<std::remove_cvref_t<M>> || ...);
  }(std::type_identity<typename RowMaker<T>::Members>());
}

template <class T>
class TypedReader final : public RowReader {
  using Maker = RowMaker<T>;

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
    if constexpr (!owns_all(std::make_index_sequence<Maker::width>())) {
      kept->text = std::move(head->text);
      reader.rows_.text_ = kept;
    }
    return std::move(reader.rows_);
  }

  void columns(const std::vector<std::string>& names) override { maker_.columns(names); }
  void expect(std::size_t rows) override { rows_.items_.reserve(rows); }
  void row(const d1::Cell* cells, std::size_t& at) override { maker_.fill(rows_.items_.emplace_back(), cells, at); }

 private:
  template <std::size_t... I>
  static constexpr bool owns_all(std::index_sequence<I...>) {
    return (is_owned<std::remove_cvref_t<std::tuple_element_t<I, typename Maker::Members>>> && ...);
  }

  d1::Rows<T> rows_{};
  Maker maker_{};
};

/// Reads the rows of a reply without a type.
[[nodiscard]] CLOUDFLARE_API Result<d1::Table> read_table(Reply reply);

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

/// The typed side of for_each_row(): row() reads a row, give() passes it to the caller's function.
class RowTaker : public RowReader {
 public:
  virtual void give() = 0;
};

/// Calls `fn` with a T; with the columns themselves if T is a tuple.
template <class T, class Fn>
class TypedTaker final : public RowTaker {
 public:
  explicit TypedTaker(Fn&& fn) : fn_(std::forward<Fn>(fn)) {}

  void columns(const std::vector<std::string>& names) override { maker_.columns(names); }
  void row(const d1::Cell* cells, std::size_t& at) override { maker_.fill(row_ = T(), cells, at); }
  void give() override {
    if constexpr (RowShape<T>::by_name)
      std::invoke(fn_, std::move(row_));
    else
      std::apply(fn_, std::move(row_));
  }

 private:
  Fn fn_;
  T row_{};
  RowMaker<T> maker_{};
};

/// Calls `fn` with a d1::Row.
template <class Fn>
class RowViewTaker final : public RowTaker {
 public:
  explicit RowViewTaker(Fn&& fn) : fn_(std::forward<Fn>(fn)) {}

  void columns(const std::vector<std::string>& names) override { columns_ = names; }
  void row(const d1::Cell* cells, std::size_t&) override { cells_ = cells; }
  void give() override { std::invoke(fn_, d1::Row(columns_, cells_)); }

 private:
  Fn fn_;
  std::vector<std::string> columns_{};
  const d1::Cell* cells_ = nullptr;
};

/// `fn` by reference if it is an lvalue, otherwise by value.
template <class T, class Fn>
auto make_row_taker(Fn&& fn) {
  if constexpr (std::is_same_v<T, std::tuple<>>)
    return std::make_unique<RowViewTaker<Fn>>(std::forward<Fn>(fn));
  else
    return std::make_unique<TypedTaker<T, Fn>>(std::forward<Fn>(fn));
}

}  // namespace cloudflare::detail
