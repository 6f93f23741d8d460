#include "local/d1/dump.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/encode.hpp"
#include "local/http/json.hpp"

namespace cloudflare::local {

namespace {

constexpr std::size_t piece_bytes = 64UL * 1024;
// Cloudflare docs, "D1 limits": a longer statement is refused when the text is imported.
constexpr std::size_t max_statement_bytes = 100'000;
// If a row is too long for one statement, its long cells are written in parts, whose hexadecimal digits are twice as
// long. 100 cells below this size fit into a statement, even escaped.
constexpr std::size_t long_cell_bytes = 250;
constexpr std::size_t part_bytes = 45'000;

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

// A placeholder for a line end that does not occur in `text`, chosen as SQLite's own shell does.
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
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";  // keeps it REAL in a column without affinity
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
    parts_ = unused_name();
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
    if (has_parts_) line("DROP TABLE " + parts_ + ";");
    if (!options_.no_schema) {
      // Views come before triggers, which may be on views.
      SqliteStatement rest = database_.prepare(
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
    SqliteStatement tables = database_.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT NULL AND name NOT GLOB '_cf_*' "
        "ORDER BY tbl_name = 'sqlite_sequence', rowid");
    Cursor table = tables.run();
    while (table.next())
      if (wanted(table.bytes(0))) visit(table.string(0), table.string(1));
  }

  // The engine's export and SQLite's shell add IF NOT EXISTS to a table with a quoted name.
  static std::string with_if_not_exists(const std::string& sql) {
    constexpr std::string_view create = "CREATE TABLE ";
    const bool quoted = sql.starts_with("CREATE TABLE '") || sql.starts_with("CREATE TABLE \"");
    return quoted ? "CREATE TABLE IF NOT EXISTS " + sql.substr(create.size()) : sql;
  }

  void dump_rows(const std::string& name) {
    std::string columns;
    {
      SqliteStatement info = database_.prepare("SELECT name FROM pragma_table_info(?)");  // without generated columns
      Cursor column = info.run(std::string_view(name));
      while (column.next()) columns.append(columns.empty() ? "" : ", ").append(quoted_name(column.bytes(0)));
    }
    const std::string head = "INSERT INTO " + quoted_name(name) + " VALUES(";
    SqliteStatement select = database_.prepare("SELECT " + columns + " FROM " + quoted_name(name));
    Cursor row = select.run();
    std::string statement;
    while (row.next()) {
      statement = head;
      for (int i = 0; i < row.width(); ++i) {
        if (i > 0) statement += ',';
        append_cell(statement, row.statement(), i);
      }
      if (statement.size() + 1 > max_statement_bytes) statement = write_parts(head, row);
      line(statement += ");");
    }
  }

  // Puts the long cells of a row into a table of parts, and returns the row's statement, which joins them again.
  std::string write_parts(const std::string& head, const Cursor& row) {
    line(std::exchange(has_parts_, true) ? "DELETE FROM " + parts_ + ";"
                                         : "CREATE TABLE " + parts_ + " (cell, part, bytes);");
    std::string statement = head;
    for (int i = 0; i < row.width(); ++i) {
      if (i > 0) statement += ',';
      const int type = sqlite3_column_type(row.statement(), i);
      std::string_view rest = row.bytes(i);
      if ((type != SQLITE_TEXT && type != SQLITE_BLOB) || rest.size() <= long_cell_bytes) {
        append_cell(statement, row.statement(), i);
        continue;
      }
      const std::string cell = std::to_string(i);
      for (int part = 0; !rest.empty(); ++part) {
        std::string insert = "INSERT INTO " + parts_ + " VALUES(" + cell + "," + std::to_string(part) + ",";
        append_hex(insert, rest.substr(0, part_bytes));
        line(insert += ");");
        rest.remove_prefix(std::min(rest.size(), part_bytes));
      }
      statement += "(SELECT CAST(group_concat(bytes,'') AS ";
      statement += type == SQLITE_TEXT ? "TEXT" : "BLOB";
      statement += ") FROM (SELECT bytes FROM " + parts_ + " WHERE cell=" + cell + " ORDER BY part))";
    }
    return statement;
  }

  // A name for the table of parts.
  std::string unused_name() {
    SqliteStatement taken = database_.prepare("SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE");
    std::string name = "long_row_parts";
    while (taken.run(std::string_view(name)).next()) name += '_';
    return name;
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
  std::string parts_{};  // the name of the table of parts
  bool has_parts_ = false;
};

}  // namespace

void dump_sql(Sqlite& database, const D1DumpOptions& options, const std::function<void(std::string_view)>& write) {
  Dump(database, options, write).run();
}

}  // namespace cloudflare::local
