#pragma once

// SQLite's refusals in the words of D1's engine.

#include <sqlite3.h>

#include <string>
#include <string_view>

#include "local/http/request.hpp"

namespace cloudflare::local {

/// Code 7500 with `text`.
[[nodiscard]] ApiError d1_sql_error(std::string text);
/// Code 7400 the way D1's own checks answer.
[[nodiscard]] ApiError d1_invalid(std::string text);

/// Code 7429: a statement, or the wait for the database, took too long.
[[nodiscard]] ApiError d1_out_of_time();

/// "near "selec": syntax error at offset 0: SQLITE_ERROR": the last error of the connection. `while_preparing` because
/// only then SQLite knows where in the text it is.
[[nodiscard]] ApiError d1_sqlite_error(sqlite3* handle, bool while_preparing);

}  // namespace cloudflare::local
