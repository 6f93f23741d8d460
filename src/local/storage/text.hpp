#pragma once

// Text as the engine treats it: replacement characters and forgiving base64.

#include <optional>
#include <string>
#include <string_view>

namespace cloudflare::local {

/// Bytes as text: broken sequences of UTF-8 become U+FFFD.
[[nodiscard]] std::string replace_broken_utf8(std::string_view bytes);
/// The same as a browser's TextDecoder does it: it also drops a byte order mark.
[[nodiscard]] std::string decode_utf8(std::string_view bytes);

/// Base64 the way atob() reads it: white space is ignored and padding may be missing. Nothing if it is not base64.
[[nodiscard]] std::optional<std::string> forgiving_base64_decoded(std::string_view text);

}  // namespace cloudflare::local
