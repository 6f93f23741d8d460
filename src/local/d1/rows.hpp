#pragma once

// The rows of a running statement as JSON, in either of D1's forms.

#include <sqlite3.h>

#include <string>
#include <vector>

namespace cloudflare::local {

class D1RowWriter {
 public:
  /// Appends to `out`: an array of objects, or {"columns":[…],"rows":[[…]]}. Null: rows are only counted.
  D1RowWriter(sqlite3_stmt* statement, bool objects, std::string* out);

  /// Writes the current row of the statement.
  void row();
  void end();

 private:
  struct PropertyColumn {
    int source;             // in an object, the last column of a name counts
    std::string json_name;  // with its colon
  };

  void cell(int column);

  sqlite3_stmt* statement_;
  std::string* out_;
  bool objects_;
  bool first_ = true;
  std::vector<PropertyColumn> columns_{};
};

}  // namespace cloudflare::local
