#pragma once

// Runs the text of an import in this process before it is sent, to learn which statement D1 would refuse.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/http/body.hpp>

namespace cloudflare::local {

/// The first statement that an import would fail at.
struct RefusedStatement {
  std::uint64_t statement = 0;  ///< From 1; 0: all of them ran, and the end of the transaction was refused.
  std::uint64_t line = 0;       ///< Of its first word, from 1.
  std::string message{};        ///< Why, in the words of D1: "no such table: nope: SQLITE_ERROR".
};

/// Runs `sql` as one import into a new database in memory, under D1's limits, and returns the statement that fails;
/// nullopt if none does. `before` is SQL that makes what the text expects to be there. Nothing is sent. It takes the
/// time and the memory of the import itself. The real D1 may still refuse what depends on its own version of SQLite, on
/// the data that it holds or on its size.
/// @throws Error  invalid_argument: `before` fails; what the source throws
[[nodiscard]] CLOUDFLARE_API std::optional<RefusedStatement> check_import(const Body& sql,
                                                                          std::string_view before = std::string_view());
/// The same for a file (UTF-8 path). @throws Error  invalid_argument if it cannot be read
[[nodiscard]] CLOUDFLARE_API std::optional<RefusedStatement> check_import_file(
    const std::string& path, std::string_view before = std::string_view());

}  // namespace cloudflare::local
