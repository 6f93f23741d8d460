#include "local/d1/dump.hpp"

#include <algorithm>
#include <cmath>

#include "base/encode.hpp"
#include "local/http/json.hpp"

namespace cloudflare::local {

namespace {

constexpr std::size_t piece_bytes = 64UL * 1024;

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    out += c;
    if (c == '"') out += c;
  }
  return out += '"';
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "X'";
  for (const char byte : bytes) {
    out += digits[static_cast<unsigned char>(byte) >> 4U];
    out += digits[static_cast<unsigned char>(byte) & 15U];
  }
  out += '\'';
}

// Letters that stand for a line end and do not occur in `text`, as SQLite's own shell chooses them.
std::string stand_in(std::string_view text, std::string_view first, std::string_view second) {
  if (text.find(first) == std::string_view::npos) return std::string(first);
  if (text.find(second) == std::string_view::npos) return std::string(second);
  for (unsigned i = 0;; ++i) {
    std::string candidate = "(" + std::string(first) + std::to_string(i) + ")";
    if (text.find(candidate) == std::string_view::npos) return candidate;
  }
}

// Line ends become char(10) and char(13), so that each statement is one line.
void append_text(std::string& out, std::string_view text) {
  if (text.find('\0') != std::string_view::npos || !cloudflare::detail::is_utf8(text)) {
    out += "CAST(";
    append_hex(out, text);
    out += " AS TEXT)";
    return;
  }
  const bool lines = text.find('\n') != std::string_view::npos;
  const bool returns = text.find('\r') != std::string_view::npos;
  const std::string line = lines ? stand_in(text, "\\n", "\\012") : std::string();
  const std::string carriage = returns ? stand_in(text, "\\r", "\\015") : std::string();
  if (lines) out += "replace(";
  if (returns) out += "replace(";
  out += '\'';
  for (const char c : text) {
    if (c == '\n') {
      out += line;
    } else if (c == '\r') {
      out += carriage;
    } else {
      out += c;
      if (c == '\'') out += c;
    }
  }
  out += '\'';
  if (returns) out.append(",'").append(carriage).append("',char(13))");
  if (lines) out.append(",'").append(line).append("',char(10))");
}

void append_real(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value < 0 ? "-9e999" : "9e999";
    return;
  }
  const std::size_t begin = out.size();
  append_js_number(out, value);
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";  // stays REAL where a column has no affinity
}

void append_cell(std::string& out, sqlite3_stmt* row, int column) {
  const auto bytes = [&] {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(row, column));
    return std::string_view(data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  };
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER: cloudflare::detail::append_number(out, sqlite3_column_int64(row, column)); break;
    case SQLITE_FLOAT: append_real(out, sqlite3_column_double(row, column)); break;
    case SQLITE_TEXT: append_text(out, bytes()); break;
    case SQLITE_BLOB: append_hex(out, bytes()); break;
    default: out += "NULL";
  }
}

class Dump {
 public:
  Dump(Sqlite& database, const D1DumpOptions& options, const std::function<void(std::string_view)>& write)
      : database_(database), options_(options), write_(write) {}

  void run() {
    line("PRAGMA defer_foreign_keys=TRUE;");
    // All tables come before all rows: a row that refers to a table needs it to exist, even with deferred keys.
    if (!options_.no_schema)
      each_table([this](const std::string& name, const std::string& sql) {
        if (!name.starts_with("sqlite_")) line(with_if_not_exists(sql) + ";");
      });
    each_table([this](const std::string& name, const std::string&) {
      if (!options_.no_schema && name == "sqlite_sequence") line("DELETE FROM sqlite_sequence;");
      if (!options_.no_schema && name.starts_with("sqlite_stat")) line("ANALYZE sqlite_schema;");
      if (!options_.no_data) dump_rows(name);
    });
    if (!options_.no_schema) {
      // Triggers may stand on views, and neither needs what comes after it.
      Statement rest = database_.prepare(
          "SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL AND type IN ('index', 'view', 'trigger') "
          "ORDER BY instr('index view trigger', type), rowid");
      Cursor object = rest.run();
      while (object.next())
        if (wanted(object.bytes(0))) line(object.string(1) + ";");
    }
    flush();
  }

 private:
  [[nodiscard]] bool wanted(std::string_view name) const {
    return options_.tables.empty() ||
           std::find(options_.tables.begin(), options_.tables.end(), name) != options_.tables.end();
  }

  void each_table(const std::function<void(const std::string& name, const std::string& sql)>& visit) {
    Statement tables = database_.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT NULL AND name NOT GLOB '_cf_*' "
        "ORDER BY tbl_name = 'sqlite_sequence', rowid");
    Cursor table = tables.run();
    while (table.next())
      if (wanted(table.bytes(0))) visit(table.string(0), table.string(1));
  }

  // As the engine's export, and SQLite's shell, write a table with a quoted name.
  static std::string with_if_not_exists(const std::string& sql) {
    constexpr std::string_view create = "CREATE TABLE ";
    const bool quoted = sql.starts_with("CREATE TABLE '") || sql.starts_with("CREATE TABLE \"");
    return quoted ? "CREATE TABLE IF NOT EXISTS " + sql.substr(create.size()) : sql;
  }

  void dump_rows(const std::string& name) {
    std::string columns;
    {
      Statement info = database_.prepare("SELECT name FROM pragma_table_info(?)");  // without generated columns
      Cursor column = info.run(std::string_view(name));
      while (column.next()) columns.append(columns.empty() ? "" : ", ").append(quoted_name(column.bytes(0)));
    }
    const std::string head = "INSERT INTO " + quoted_name(name) + " VALUES(";
    Statement select = database_.prepare("SELECT " + columns + " FROM " + quoted_name(name));
    Cursor row = select.run();
    while (row.next()) {
      out_ += head;
      for (int i = 0; i < row.width(); ++i) {
        if (i > 0) out_ += ',';
        append_cell(out_, row.statement(), i);
      }
      line(");");
    }
  }

  void line(std::string_view text) {
    out_.append(text).append("\n");
    if (out_.size() >= piece_bytes) flush();
  }
  void flush() {
    if (!out_.empty()) write_(out_);
    out_.clear();
  }

  Sqlite& database_;
  const D1DumpOptions& options_;
  const std::function<void(std::string_view)>& write_;
  std::string out_{};
};

}  // namespace

void dump_sql(Sqlite& database, const D1DumpOptions& options, const std::function<void(std::string_view)>& write) {
  Dump(database, options, write).run();
}

}  // namespace cloudflare::local
