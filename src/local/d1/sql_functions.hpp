#pragma once

#include <sqlite3.h>

namespace cloudflare::local {

/// Puts functions of SQL in the place of SQLite's own that one call can keep busy for minutes, where nothing interrupts
/// it: instr, replace, trim, ltrim and rtrim answer the same in linear time; printf and format refuse at once what
/// becomes too long; json_patch refuses two texts that are both large.
void install_bounded_functions(sqlite3* connection);

}  // namespace cloudflare::local
