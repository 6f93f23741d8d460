// From the JSON of a /raw reply to cells, row by row, without a copy: text stays where it is in the reply's body, and
// what JSON wrote longer (escapes, the numbers of a blob) is written over it in place.

#include <cstring>
#include <limits>

#include "encode.hpp"
#include "ops/d1_common.hpp"

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

  void results(json::value value) {
    if (value.type() == json::json_type::array) {  // a statement without a result
      for ([[maybe_unused]] auto item : value.get_array()) refuse(simdjson::INCORRECT_TYPE);
      return;
    }
    if (value.is_null()) return;
    json::object object = value.get_object();
    for (auto name : object.find_field_unordered("columns").get_array())
      head_.columns.push_back(json_string(name.value()));
    cells_.resize(head_.columns.size());
    if (!head_.columns.empty()) rows_.columns(head_.columns);
    for (auto row : object.find_field_unordered("rows").get_array()) {
      in_row_ = true;
      read_row(row.get_array());
      in_row_ = false;
      ++row_;
    }
  }

  [[nodiscard]] RowsHead& head() { return head_; }

  /// `error` with its place.
  [[nodiscard]] Error located(const Error& error) const {
    if (!in_row_) return error;
    std::string text = "row " + std::to_string(row_) + ", column " + std::to_string(column_);
    if (column_ < head_.columns.size()) text += " (" + head_.columns[column_] + ")";
    return Error(error.kind(), text + ": " + error.details().text);
  }

 private:
  static std::string json_string(json::value value) { return std::string(value.get_string().value()); }

  void read_row(json::array row) {
    column_ = 0;
    for (auto cell : row) {
      if (column_ == cells_.size()) refuse_width();
      cells_[column_] = read_cell(cell.value());
      ++column_;
    }
    if (column_ != cells_.size()) refuse_width();
    rows_.row(cells_.data(), column_);
  }

  [[noreturn]] void refuse_width() const {
    throw Error(ErrorKind::decode, "the row is not as wide as the list of columns, " + std::to_string(cells_.size()));
  }

  Cell read_cell(json::value value) {
    const std::string_view token = value.raw_json_token();
    switch (token.front()) {
      case '"': return text(value, token);
      case '[': return blob(value);
      case '{': refuse(simdjson::INCORRECT_TYPE);
      case 'n':
        if (!value.is_null()) refuse(simdjson::N_ATOM_ERROR);
        return {};
      case 't':
      case 'f': return Cell(std::int64_t{value.get_bool()});
      default: return number(value, token);
    }
  }

  Cell text(json::value value, std::string_view token) {
    if (std::memchr(token.data(), '\\', token.size()) == nullptr) {
      while (is_blank(token.back())) token.remove_suffix(1);
      if (token.size() < 2 || token.back() != '"') refuse(simdjson::STRING_ERROR);
      return {CellType::text, token.substr(1, token.size() - 2)};
    }
    const std::string_view plain = value.get_string();
    return {CellType::text, {overwrite(token.data() + 1, plain), plain.size()}};
  }

  // The bytes of the body from `at` on are read already and not looked at again.
  const char* overwrite(const char* at, std::string_view bytes) {
    char* const to = body_.data() + (at - body_.data());
    std::memcpy(to, bytes.data(), bytes.size());
    return to;
  }

  static Cell number(json::value value, std::string_view token) {
    constexpr std::ptrdiff_t digits_that_fit = 18;
    const char* at = token.data();
    const char* const end = at + token.size();
    const bool negative = *at == '-';
    if (negative) ++at;
    const char* const first = at;
    std::int64_t whole = 0;
    for (; at != end && at - first < digits_that_fit && is_digit(*at); ++at) whole = whole * 10 + (*at - '0');
    const bool simple = at != first && (at == end || is_blank(*at)) && (*first != '0' || at - first == 1);
    if (simple) return Cell(negative ? -whole : whole);
    // Integers beyond 64 bits too: JavaScript writes the REAL 1e20 with 21 digits.
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
      *to++ = static_cast<char>(byte);  // behind `at`: each byte took two characters at least
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
};

}  // namespace

Result<RowsHead> read_rows(Reply& reply, RowReader& rows) {
  Decoder decoder(reply.http.body, rows);
  bool failed = false;
  std::string failure;
  int code = 0;
  std::size_t count = 0;
  const auto refused = [&](const Error& error) { return ops::about_reply(error, table::d1_raw, reply.http); };
  try {
    auto read =
        read_json(reply.http.body, reply.result_begin, reply.result_size, "the result", [&](json::document& document) {
          for (auto item : document.get_array()) {
            if (++count > 1) break;
            for (auto field : item.get_object()) {
              const std::string_view name = field.unescaped_key();
              json::value value = field.value();
              if (name == "results")
                decoder.results(value);
              else if (name == "meta")
                decoder.head().meta = ops::read_meta(value);
              else if (name == "success")
                failed = !value.get_bool();
              else if (name == "error" && value.type() == json::json_type::string)
                failure = string(value);
              else if (name == "code" && value.type() == json::json_type::number)
                code = static_cast<int>(integer(value));
            }
          }
          return 0;
        });
    if (failed) return refused(ops::inner_failure(std::move(failure), code));
    if (count != 1)
      return refused(Error(ErrorKind::decode, "the reply does not hold one result; a query is one statement"));
    if (!read) return refused(decoder.located(read.error()));
  } catch (const Error& error) {
    return refused(decoder.located(error));
  }
  return std::move(decoder.head());
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
    if (!time) time = parse_rfc3339(text + "Z");  // SQLite's date functions name no zone: it is UTC
    if (time) return *time;
    throw Error(ErrorKind::decode, "it is text, and no time like 2026-01-31 12:00:00");
  }
  if (cell.is_null() || cell.type() == CellType::blob) throw cell_mismatch(cell, "a time");
  return std::chrono::sys_seconds(std::chrono::seconds(d1::Type<std::int64_t>::from(cell)));
}

}  // namespace cloudflare::detail
