// Decodes the JSON of a /raw reply into cells, row by row. Text is unescaped into the parser's buffer, which the rows
// keep if they point into it. The numbers of a blob become bytes in place, in the reply's body.

#include <limits>

#include "base/encode.hpp"
#include "d1/common.hpp"

namespace cloudflare::detail {

namespace {

using d1::Cell;
using d1::CellType;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

[[noreturn]] void refuse(simdjson::error_code code) { throw simdjson::simdjson_error(code); }

class Decoder {
 public:
  Decoder(std::string& body, RowReader& rows) : body_(body), rows_(rows) {}

  /// Reads the array of results, which must hold exactly one.
  void run(json::array list) {
    std::size_t count = 0;
    for (auto result : list)
      if (++count == 1) item(result.get_object());
    if (count != 1) throw Error(ErrorKind::decode, "the reply does not hold one result; a query is one statement");
  }

  [[nodiscard]] RowsHead& head() { return head_; }

  /// `error` with row and column. A column's name may hold data, as for SELECT 'secret'.
  [[nodiscard]] Error located(const Error& error) const {
    if (!in_row_) return error;
    return Error(error.kind(),
                 "row " + std::to_string(row_) + ", column " + std::to_string(column_) + ": " + error.details().text);
  }

 private:
  void item(json::object item) {
    bool failed = false;
    std::string failure;
    int code = 0;
    for (auto field : item) {
      const std::string_view name = field.unescaped_key();
      json::value value = field.value();
      if (name == "results") {
        if (std::exchange(has_results_, true)) throw Error(ErrorKind::decode, "the result holds `results` twice");
        results(value);
      } else if (name == "meta") {
        head_.meta = ops::read_meta(value);
      } else if (name == "success") {
        failed = !value.get_bool();
      } else if (name == "error" && value.type() == json::json_type::string) {
        failure = string(value);
      } else if (name == "code" && value.type() == json::json_type::number) {
        code = static_cast<int>(integer(value));
      }
    }
    if (failed) throw ops::inner_failure(std::move(failure), code);
  }

  void results(json::value value) {
    if (value.type() == json::json_type::array) return read_objects(value.get_array());
    if (value.is_null()) return;
    json::object object = value.get_object();
    for (auto name : object.find_field_unordered("columns").get_array()) head_.columns.push_back(string(name.value()));
    cells_.resize(head_.columns.size());
    if (!head_.columns.empty()) rows_.columns(head_.columns);
    for (auto row : object.find_field_unordered("rows").get_array()) {
      if (head_.columns.empty()) rows_.columns({});  // refused unless no columns are expected
      in_row_ = true;
      read_row(row.get_array());
      in_row_ = false;
      ++row_;
    }
  }

  // Rows as objects, as EdgeBase sends them; a statement without a result also sends an empty list. The first row gives
  // the columns. Each name is unescaped only once, because simdjson's buffer has no room for more.
  void read_objects(json::array rows) {
    for (auto row : rows) {
      const bool first = row_ == 0;
      in_row_ = true;
      column_ = 0;
      for (auto field : row.get_object()) {
        const std::string_view name = field.unescaped_key();
        if (first) {
          head_.columns.emplace_back(name);
          cells_.emplace_back();
        } else if (column_ == cells_.size() || head_.columns[column_] != name) {
          throw Error(ErrorKind::decode, "the row has other columns than the first row");
        }
        read_cell(field.value(), cells_[column_]);
        ++column_;
      }
      if (column_ != cells_.size()) refuse_width();
      in_row_ = false;
      if (first) rows_.columns(head_.columns);
      in_row_ = true;
      rows_.row(cells_.data(), column_);
      in_row_ = false;
      ++row_;
    }
  }

  void read_row(json::array row) {
    column_ = 0;
    Cell* const cells = cells_.data();
    const std::size_t width = cells_.size();
    for (auto cell : row) {
      if (column_ == width) refuse_width();
      read_cell(cell.value(), cells[column_]);
      ++column_;
    }
    if (column_ != width) refuse_width();
    rows_.row(cells, column_);
  }

  [[noreturn]] void refuse_width() const {
    throw Error(ErrorKind::decode, "the row is not as wide as the list of columns, " + std::to_string(cells_.size()));
  }

  // Called from two places; the fast path must not pay for the slow one.
  [[gnu::always_inline]] void read_cell(json::value value, Cell& cell) {
    switch (value.type()) {
      case json::json_type::string: cell = {CellType::text, value.get_string()}; return;
      case json::json_type::number: cell = number(value); return;
      case json::json_type::null:
        if (!value.is_null()) refuse(simdjson::N_ATOM_ERROR);
        cell = Cell();
        return;
      case json::json_type::boolean: cell = Cell(std::int64_t{value.get_bool()}); return;
      case json::json_type::array: cell = blob(value); return;
      default: refuse(simdjson::INCORRECT_TYPE);
    }
  }

  [[gnu::always_inline]] static Cell number(json::value value) {
    std::int64_t whole = 0;
    if (value.get_int64().get(whole) == simdjson::SUCCESS) return Cell(whole);
    // Includes integers beyond 64 bits: JavaScript writes the REAL 1e20 with 21 digits.
    return Cell(value.get_double().value());
  }

  Cell blob(json::value value) {
    const std::string_view list = value.get_array().value().raw_json();
    const char* at = list.data() + 1;
    char* const begin = body_.data() + (list.data() - body_.data());
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

  std::string& body_;
  RowReader& rows_;
  RowsHead head_{};
  std::vector<Cell> cells_{};
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool in_row_ = false;
  bool has_results_ = false;
};

// The envelope of a success: see Form::rows.
void read_rows_envelope(json::document& document, Decoder& decoder) {
  std::size_t count = 0;
  for (auto field : document.get_object()) {
    const std::string_view name = field.unescaped_key();
    if (name != "result") continue;
    if (++count > 1) throw Error(ErrorKind::decode, "the reply holds `result` twice");
    decoder.run(field.value().get_array());
  }
  if (count == 0) throw Error(ErrorKind::decode, "the reply holds no `result`");
}

}  // namespace

Result<RowsHead> read_rows(Reply& reply, RowReader& rows) {
  Decoder decoder(reply.http.body, rows);
  const Endpoint& endpoint = reply.endpoint != nullptr ? *reply.endpoint : ops::d1_endpoint("d1.query");
  const auto refused = [&](const Error& error) { return ops::about_reply(error, endpoint, reply.http); };
  constexpr std::string_view what = "the result";
  try {
    const auto parsed = std::make_shared<Parsed>(reply.http.body, reply.result_begin, reply.result_size);
    json::document& document = parsed->document();
    if (document.type() == json::json_type::object)
      read_rows_envelope(document, decoder);
    else
      decoder.run(document.get_array());
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return refused(followed_by_something(what));
    decoder.head().text = parsed;
    return std::move(decoder.head());
  } catch (const simdjson::simdjson_error& error) {
    return refused(decoder.located(cannot_be_read(what, error)));
  } catch (const Error& error) {
    return refused(decoder.located(error));
  }
}

void check_width(std::size_t columns, std::size_t wanted) {
  if (columns != wanted)
    throw Error(ErrorKind::decode,
                "the rows have " + std::to_string(columns) + " columns, " + std::to_string(wanted) + " were asked for");
}

std::size_t find_column(const std::vector<std::string>& columns, std::string_view name) {
  std::size_t place = columns.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] != name) continue;
    if (place != columns.size())
      throw Error(ErrorKind::decode,
                  "there are two columns named " + std::string(name) + "; give one another name with AS");
    place = i;
  }
  if (place == columns.size()) throw Error(ErrorKind::decode, "there is no column named " + std::string(name));
  return place;
}

Error several_rows(std::size_t count) {
  return Error(ErrorKind::decode, "there are " + std::to_string(count) + " rows; at most one was asked for");
}

Error cell_mismatch(const Cell& cell, std::string_view wanted) {
  const std::string_view found = [&]() -> std::string_view {
    switch (cell.type()) {
      case CellType::null: return "NULL";
      case CellType::integer: return "an integer";
      case CellType::real: return "a number with a fraction";
      case CellType::text: return "text";
      case CellType::blob: return "a blob";
    }
    return "unknown";
  }();
  std::string text = "it is " + std::string(found) + ", " + std::string(wanted) + " was asked for";
  if (cell.is_null()) text += "; std::optional takes NULL";
  return Error(ErrorKind::decode, std::move(text));
}

std::int64_t unusual_integer(const Cell& cell, std::int64_t least, std::int64_t most) {
  constexpr auto exact = static_cast<double>(d1::largest_exact_integer);
  std::int64_t value = 0;
  if (cell.type() == CellType::integer) {
    value = cell.integer();
  } else if (cell.type() == CellType::real &&
             cell.real() == static_cast<double>(static_cast<std::int64_t>(std::clamp(cell.real(), -9e18, 9e18)))) {
    value = static_cast<std::int64_t>(cell.real());  // 5.0
  } else if (cell.type() == CellType::real && (cell.real() > exact || cell.real() < -exact)) {
    value = std::numeric_limits<std::int64_t>::max();
  } else {
    throw cell_mismatch(cell, "an integer");
  }
  if (value > d1::largest_exact_integer || value < -d1::largest_exact_integer)
    throw Error(ErrorKind::decode,
                "the integer is 2^53 or more, so it may have been rounded on the server; select CAST(x AS TEXT)");
  if (value < least || value > most)
    throw Error(ErrorKind::decode, "the integer is outside the range of the type asked for");
  return value;
}

std::chrono::sys_seconds time_cell(const Cell& cell) {
  if (cell.type() == CellType::text) {
    std::string text(cell.bytes());
    auto time = parse_rfc3339(text);
    if (!time) time = parse_rfc3339(text + "Z");  // SQLite's date functions write UTC without a zone
    if (time) return *time;
    throw Error(ErrorKind::decode, "it is text, and no time like 2026-01-31 12:00:00");
  }
  if (cell.is_null() || cell.type() == CellType::blob) throw cell_mismatch(cell, "a time");
  return std::chrono::sys_seconds(std::chrono::seconds(d1::Type<std::int64_t>::from(cell)));
}

}  // namespace cloudflare::detail
