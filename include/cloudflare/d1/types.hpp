#pragma once

// Values, options and results of D1.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <cloudflare/pages.hpp>

namespace cloudflare::d1 {

/// Bytes of a BLOB column.
using Blob = std::vector<std::byte>;

/// The customisation point: how a type of yours is read from a column and written as a parameter.
///
///     template <>
///     struct cloudflare::d1::Type<Money> {
///       static Money from(const Cell& cell) { return {cell.as<std::int64_t>()}; }  // reading; throw Error to refuse
///       static Value to(const Money& money) { return money.cents; }                // writing; only if you need it
///     };
template <class T>
struct Type;

class Value;
/// A type of the user's that can be a parameter.
template <class T>
concept CustomParameter = requires(const T& value) {
  { Type<T>::to(value) } -> std::same_as<Value>;
};

/// A parameter. Numbers travel as JSON numbers, booleans as 0 and 1, a blob as an array of byte values.
///
/// D1 binds every number as REAL and lets the column decide: `typeof(?)` is 'real' for 1, an INTEGER column stores 1.
/// Where no column decides, write CAST(? AS INTEGER).
class CLOUDFLARE_API Value {
 public:
  /// What the server gets: NULL, a number, text or bytes. A bool is the integer 0 or 1.
  using Stored = std::variant<std::nullptr_t, std::int64_t, std::uint64_t, double, std::string, Blob>;

  // Defined in the library: compiling a variant's copy in every file of a user would cost too much.
  Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  /// NULL, numbers, text in UTF-8 and bytes convert by themselves.
  Value(std::nullptr_t) : Value() {}  // NOLINT(*-explicit-*)
  Value(std::nullopt_t) : Value() {}  // NOLINT(*-explicit-*)
  template <std::same_as<bool> B>
  Value(B value) : Value(Stored(std::int64_t{value})) {}  // NOLINT(*-explicit-*)
  template <std::integral I>
  requires(!std::same_as<I, bool> && !std::same_as<I, char>) Value(I value)  // NOLINT(*-explicit-*)
      : Value(Stored(static_cast<std::conditional_t<std::is_signed_v<I>, std::int64_t, std::uint64_t>>(value))) {}
  template <std::floating_point F>
  Value(F value) : Value(Stored(static_cast<double>(value))) {}  // NOLINT(*-explicit-*)
  Value(char letter);                                            // NOLINT(*-explicit-*)
  Value(const char* text);                                       // NOLINT(*-explicit-*)
  Value(std::string_view text);                                  // NOLINT(*-explicit-*)
  Value(std::string text);                                       // NOLINT(*-explicit-*)
  Value(Blob bytes);                                             // NOLINT(*-explicit-*)
  Value(std::span<const std::byte> bytes);                       // NOLINT(*-explicit-*)
  /// Seconds since 1970, as an integer.
  Value(std::chrono::sys_seconds time);  // NOLINT(*-explicit-*)
  template <class T>
  Value(const std::optional<T>& value) : Value(value ? Value(*value) : Value()) {}  // NOLINT(*-explicit-*)
  template <CustomParameter T>
  Value(const T& value) : Value(Type<T>::to(value)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] const Stored& stored() const noexcept { return stored_; }

 private:
  explicit Value(Stored&& stored);
  Stored stored_;
};

/// Parameters by position, at most 100 for a statement.
using Params = std::vector<Value>;

/// Any number of values as one parameter, a JSON array: `id IN (SELECT value FROM json_each(?))`. Integers of any size
/// stay exact here. At most 2 000 000 bytes of JSON, the largest string of D1 (Cloudflare docs, "D1 limits").
/// @throws Error  invalid_argument: too long, a blob, NaN, text that is not UTF-8
[[nodiscard]] CLOUDFLARE_API Value in_list(std::span<const Value> values);
[[nodiscard]] CLOUDFLARE_API Value in_list(std::initializer_list<Value> values);
template <std::ranges::input_range R>
requires std::constructible_from<Value, std::ranges::range_reference_t<const R>>
[[nodiscard]] Value in_list(const R& values) {
  Params list;
  for (const auto& value : values) list.emplace_back(value);
  return in_list(std::span<const Value>(list));
}

/// One SQL statement with its parameters (`?` or `?N`): at most 100 of them, and 100 000 bytes of SQL.
struct Statement {
  std::string sql{};
  Params params{};
};

/// What the server says about the execution of a statement; any field may be absent.
struct Meta {
  std::optional<double> duration_ms{};
  std::optional<std::int64_t> changes{};  ///< Rows inserted, updated or deleted.
  std::optional<std::int64_t> last_row_id{};
  std::optional<bool> changed_db{};
  std::optional<std::int64_t> rows_read{};
  std::optional<std::int64_t> rows_written{};
  std::optional<std::int64_t> size_after{};  ///< Size of the database, in bytes.
  std::optional<std::string> served_by{};
  std::optional<std::string> served_by_colo{};
  std::optional<std::string> served_by_region{};  ///< WNAM, ENAM, WEUR, EEUR, APAC or OC.
  std::optional<bool> served_by_primary{};
  std::optional<double> sql_duration_ms{};
  /// How often Cloudflare itself ran the statement; only reads are ever repeated there.
  std::optional<std::int64_t> total_attempts{};
};

/// Where a database may be stored and run; it cannot be changed later.
enum class Jurisdiction : std::uint8_t { eu, fedramp, us };
/// Near which place a database is created: a hint that the server may not follow.
enum class Location : std::uint8_t { wnam, enam, weur, eeur, apac, oc };
/// Whether D1 keeps copies that answer reads in other regions.
enum class ReadReplication : std::uint8_t { automatic, disabled };

/// A database of the account. Only uuid and name are always there.
struct Database {
  std::string uuid{};
  std::string name{};
  std::optional<std::chrono::sys_seconds> created_at{};
  std::string version{};  ///< "alpha", "beta" or "production"; time travel needs "production".
  std::optional<std::int64_t> file_size{};
  std::optional<std::int64_t> num_tables{};
  std::string jurisdiction{};
  std::string running_in_region{};
  std::string created_in_region{};
  std::optional<ReadReplication> read_replication{};
};

/// One page of the databases of an account.
struct DatabasePage {
  std::vector<Database> databases{};
  std::string cursor{};  ///< Number of the next page; empty on the last.
  ResultInfo info{};
  [[nodiscard]] const std::vector<Database>& items() const noexcept { return databases; }
};
inline const std::string& page_item_name(const Database& item) noexcept { return item.uuid; }
/// All databases, page after page.
using DatabaseRange = PageRange<DatabasePage>;

/// Which databases are listed, and how many to a page.
struct DatabaseListOptions {
  /// Search text. The server decides whether it must be the whole name; find() compares whole names.
  std::string name{};
  /// 10 to 10000. Always sent, 1000 by default: the server's own default is documented as 1000 and was seen to be 100.
  std::optional<int> per_page{};
  std::string cursor{};  ///< Number of the page to begin with.
};

/// Where a database is created. Absent: the server decides.
struct CreateOptions {
  std::optional<Jurisdiction> jurisdiction{};  ///< Wins over the hint, as on the server.
  std::optional<Location> primary_location_hint{};
  std::optional<ReadReplication> read_replication{};
};

/// What insert_many does with a row that breaks a UNIQUE, NOT NULL, CHECK or PRIMARY KEY constraint: the request
/// fails, the row is left out (INSERT OR IGNORE), or it replaces what is there (INSERT OR REPLACE).
enum class OnConflict : std::uint8_t { fail, ignore, replace };

/// How far insert_many() is.
struct InsertProgress {
  std::uint64_t rows_committed = 0;
  std::uint64_t requests = 0;
};

/// How insert_many() packs its rows, and what it does with a row that breaks a constraint.
struct InsertOptions {
  OnConflict on_conflict = OnConflict::fail;
  /// Statements per request. Cloudflare documents no limit, only the 30 s that a whole batch may take.
  std::size_t max_statements = 100;
  /// Largest request body.
  std::size_t max_request_bytes = 1'000'000;
  /// When the server refuses a request, tries its halves down to the row that it refuses. Everything before that row is
  /// then committed. Costs about log2(rows of a request) more requests.
  bool locate_failure = false;
  /// Called after each request on the thread that drives the call. If it throws, the call ends with that exception.
  std::function<void(const InsertProgress&)> on_progress{};
};

/// Why insert_many stopped: `error` is about the rows `first_row` to `last_row` (positions in the input, from 0): those
/// of one request, or the single row that was refused before sending or was located. If `error.outcome_unknown()`,
/// either all of these rows are in the table or none is; otherwise none is.
struct InsertFailure {
  std::uint64_t first_row = 0;
  std::uint64_t last_row = 0;
  Error error;
};

/// Rows are sent in order, one request at a time, and the first failure ends the call: the table holds the first
/// `committed` rows of the input, and possibly those of `failure`.
struct [[nodiscard]] InsertResult {
  std::uint64_t committed = 0;  ///< Rows whose request succeeded.
  std::int64_t changes = 0;     ///< Summed over all statements; smaller than `committed` if conflicts were ignored.
  std::uint64_t requests = 0;
  std::optional<InsertFailure> failure{};

  [[nodiscard]] bool complete() const noexcept { return !failure; }
};

}  // namespace cloudflare::d1
