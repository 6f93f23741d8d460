#pragma once

// Encoding of text for requests: JSON strings and numbers, percent-encoding, base64, times.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

[[nodiscard]] CLOUDFLARE_API bool is_utf8(std::string_view text) noexcept;
/// Whether the text has only [A-Za-z0-9_-], as the ids of accounts and namespaces do.
[[nodiscard]] CLOUDFLARE_API bool is_id(std::string_view text) noexcept;

/// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
/// False, and nothing is appended, if that takes more than `most` bytes.
CLOUDFLARE_API bool append_json_string(std::string& out, std::string_view text,
                                       std::size_t most = std::string_view::npos);
CLOUDFLARE_API void append_number(std::string& out, std::int64_t number);
/// Appends "[1,2.5]": each float is the shortest text that reads back to it, also through double. Returns false if
/// there is a NaN or an infinity, which JSON cannot hold.
CLOUDFLARE_API bool append_floats(std::string& out, std::span<const float> values);

/// Appends `text` with every byte outside RFC 3986's unreserved characters as %XX, "/" included.
CLOUDFLARE_API void append_percent_encoded(std::string& out, std::string_view text);
/// Decodes %XX and keeps other bytes. nullopt if an escape is cut or not hexadecimal.
[[nodiscard]] CLOUDFLARE_API std::optional<std::string> percent_decoded(std::string_view text);

CLOUDFLARE_API void append_base64(std::string& out, std::string_view bytes);
/// Whether browsers and Workers can decode the text: they skip blanks, and the padding may be missing.
[[nodiscard]] CLOUDFLARE_API bool is_base64(std::string_view text) noexcept;
/// nullopt if `text` is not base64 with its padding.
[[nodiscard]] CLOUDFLARE_API std::optional<std::string> base64_decoded(std::string_view text);

/// RFC 3339 ("2026-01-31T12:00:00Z", with fraction or offset). nullopt if `text` is not such a time.
[[nodiscard]] CLOUDFLARE_API std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text) noexcept;
/// Times before the year 0 are written as its first second, times after 9999 as the last second of that year.
[[nodiscard]] CLOUDFLARE_API std::string format_rfc3339(std::chrono::sys_seconds time);

}  // namespace cloudflare::detail
