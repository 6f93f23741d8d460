#pragma once

// A database as SQL text, in the form and order of D1's export.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "local/storage/sqlite.hpp"

namespace cloudflare::local {

struct D1DumpOptions {
  bool no_schema = false;
  bool no_data = false;
  std::vector<std::string> tables{};  ///< Empty: all.
};

/// Writes one statement per line, piece by piece.
void dump_sql(Sqlite& database, const D1DumpOptions& options, const std::function<void(std::string_view)>& write);

}  // namespace cloudflare::local
