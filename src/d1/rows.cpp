// Decodes the result of a /raw reply, row by row. The rows keep the parser's buffer if they point into it.

#include <algorithm>
#include <limits>

#include "base/encode.hpp"
#include "d1/common.hpp"
#include "d1/row_decoder.hpp"

namespace cloudflare::detail {

namespace {

using d1::Cell;
using d1::CellType;

class Decoder {
 public:
  explicit Decoder(RowReader& rows) : reader_(rows), row_(rows) {}

  /// Where the text of the reply ends.
  void text_ends(const char* end) noexcept { text_end_ = end; }

  /// Reads the array of results, which must hold exactly one.
  void run(json::array list) {
    std::size_t count = 0;
    for (auto result : list)
      if (++count == 1) item(result.get_object());
    if (count != 1) throw Error(ErrorKind::decode, "the reply does not hold one result; a query is one statement");
  }

  [[nodiscard]] RowsHead take_head() {
    head_.columns = row_.take_columns();
    return std::move(head_);
  }
  [[nodiscard]] Error located(const Error& error) const { return row_.located(error); }

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
    if (value.type() == json::json_type::array) {  // objects; a statement without a result also sends an empty list
      read_all(value.get_array(), [this](json::value row) { row_.read_object(row); });
      return;
    }
    if (value.is_null()) return;
    json::object object = value.get_object();
    row_.read_columns(object.find_field_unordered("columns").get_array());
    read_all(object.find_field_unordered("rows").get_array(), [this](json::value row) { row_.read_array(row); });
  }

  // A vector that doubles copies its rows each time, so the reader hears early how many rows there may be.
  template <class Read>
  void read_all(json::array rows, Read read) {
    const char* begin = nullptr;
    std::uint64_t count = 0;
    std::uint64_t next = 64;
    for (auto row : rows) {
      json::value value = row.value();
      if (count == 0) begin = start_of(value);
      if (count == next) {
        const auto done = static_cast<std::uint64_t>(start_of(value) - begin);
        const auto whole = static_cast<std::uint64_t>(text_end_ - begin);
        const std::uint64_t likely = count * whole / done;
        next *= 64;  // for now not more than that: the first rows may be shorter than the others
        reader_.expect(static_cast<std::size_t>(std::min(likely + likely / 8, next)));
      }
      read(value);
      ++count;
    }
  }

  static const char* start_of(json::value value) { return value.raw_json_token().data(); }

  RowReader& reader_;
  RowDecoder row_;
  RowsHead head_{};
  const char* text_end_ = nullptr;
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
  Decoder decoder(rows);
  const Endpoint& endpoint = reply.endpoint != nullptr ? *reply.endpoint : ops::d1_endpoint("d1.query");
  const auto refused = [&](const Error& error) { return ops::about_reply(error, endpoint, reply.http); };
  constexpr std::string_view what = "the result";
  try {
    const auto parsed = std::make_shared<Parsed>(reply.http.body, reply.result_begin, reply.result_size);
    json::document& document = parsed->document();
    decoder.text_ends(reply.http.body.data() + reply.result_begin + reply.result_size);
    if (document.type() == json::json_type::object)
      read_rows_envelope(document, decoder);
    else
      decoder.run(document.get_array());
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return refused(followed_by_something(what));
    RowsHead head = decoder.take_head();
    head.text = parsed;
    return head;
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
