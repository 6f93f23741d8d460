#include "local/d1/rows.hpp"

#include <algorithm>
#include <string_view>

#include "base/encode.hpp"
#include "local/http/json.hpp"
#include "local/storage/text.hpp"

namespace cloudflare::local {

namespace {

// Integers of at most this size are doubles without loss.
constexpr std::int64_t exact_integers = 1LL << 53;

std::string name_as_json(sqlite3_stmt* statement, int column) {
  std::string json;
  cloudflare::detail::append_json_string(json, replace_broken_utf8(sqlite3_column_name(statement, column)));
  return json;
}

}  // namespace

D1RowWriter::D1RowWriter(sqlite3_stmt* statement, bool objects, std::string* out)
    : statement_(statement), out_(out), objects_(objects) {
  if (out == nullptr) return;
  const int count = sqlite3_column_count(statement);
  if (!objects) *out_ += R"({"columns":[)";
  for (int i = 0; i < count; ++i) {
    std::string name = name_as_json(statement, i);
    if (!objects) {
      out_->append(i == 0 ? "" : ",").append(name);
      columns_.push_back({i, {}});
      continue;
    }
    name += ':';
    const auto same =
        std::find_if(columns_.begin(), columns_.end(), [&](const PropertyColumn& c) { return c.json_name == name; });
    if (same != columns_.end())
      same->source = i;
    else
      columns_.push_back({i, std::move(name)});
  }
  *out_ += objects ? "[" : R"(],"rows":[)";
}

void D1RowWriter::row() {
  if (out_ == nullptr) return;
  if (!std::exchange(first_, false)) *out_ += ',';
  *out_ += objects_ ? '{' : '[';
  bool first = true;
  for (const PropertyColumn& column : columns_) {
    if (!std::exchange(first, false)) *out_ += ',';
    *out_ += column.json_name;
    cell(column.source);
  }
  *out_ += objects_ ? '}' : ']';
}

void D1RowWriter::end() {
  if (out_ != nullptr) *out_ += objects_ ? "]" : "]}";
}

void D1RowWriter::cell(int column) {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER: {
      const std::int64_t value = sqlite3_column_int64(statement_, column);
      // Beyond 2^53 the engine rounds, since its numbers are JavaScript's.
      if (value >= -exact_integers && value <= exact_integers)
        cloudflare::detail::append_number(*out_, value);
      else
        append_js_number(*out_, static_cast<double>(value));
      break;
    }
    case SQLITE_FLOAT: append_js_number(*out_, sqlite3_column_double(statement_, column)); break;
    case SQLITE_TEXT: {
      const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
      const std::string_view text(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
      if (cloudflare::detail::is_utf8(text))
        cloudflare::detail::append_json_string(*out_, text);
      else
        cloudflare::detail::append_json_string(*out_, replace_broken_utf8(text));
      break;
    }
    case SQLITE_BLOB: {
      const auto* data = static_cast<const unsigned char*>(sqlite3_column_blob(statement_, column));
      const int size = sqlite3_column_bytes(statement_, column);
      *out_ += '[';
      for (int i = 0; i < size; ++i) {
        if (i > 0) *out_ += ',';
        cloudflare::detail::append_number(*out_, data[i]);
      }
      *out_ += ']';
      break;
    }
    default: *out_ += "null";
  }
}

}  // namespace cloudflare::local
