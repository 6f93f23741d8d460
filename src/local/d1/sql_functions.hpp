#pragma once

#include <sqlite3.h>

namespace cloudflare::local {

/// Puts functions of SQL in the place of SQLite's own that need quadratic time, and cannot be interrupted meanwhile:
/// instr, replace, trim, ltrim, rtrim. These give the same results in linear time.
void install_linear_functions(sqlite3* connection);

}  // namespace cloudflare::local
