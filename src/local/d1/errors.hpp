#pragma once

// SQLite's errors in the words of D1's engine.

#include <sqlite3.h>

#include <string>
#include <string_view>

#include "local/http/request.hpp"

namespace cloudflare::local {

/// Code 7500 with `text`.
[[nodiscard]] ApiError d1_sql_error(std::string text);
/// Code 7400, in the form of D1's own checks.
[[nodiscard]] ApiError d1_invalid(std::string text);

/// Code 7429: a statement, or the wait for the database, took too long.
[[nodiscard]] ApiError d1_out_of_time();

/// The last error of the connection, as in "near "selec": syntax error at offset 0: SQLITE_ERROR". SQLite knows the
/// offset only `while_preparing`.
[[nodiscard]] ApiError d1_sqlite_error(sqlite3* handle, bool while_preparing);

}  // namespace cloudflare::local
