#pragma once

#include <sqlite3.h>

namespace cloudflare::local {

/// Replaces functions of SQLite that one call can keep busy for minutes without an interruption: instr, replace, trim,
/// ltrim and rtrim answer the same in linear time; printf and format refuse a too long result at once; json_patch
/// refuses two texts that are both large.
void install_bounded_functions(sqlite3* connection);

}  // namespace cloudflare::local
