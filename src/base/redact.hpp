#pragma once

// Removes credentials from texts for logs and errors.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace cloudflare::detail {

/// The first `most` characters of `text` with `mark` in place of what is hidden: `hidden(at)` says how many characters
/// from `at` on to hide. One pass, so marks are not searched; overlapping matches are hidden as one.
template <class Hidden>
[[nodiscard]] std::string redacted(std::string_view text, std::string_view mark, std::size_t most, Hidden hidden) {
  std::string out;
  std::size_t shown_from = 0;
  for (std::size_t at = 0; at < std::min(text.size(), most); ++at) {
    const std::size_t size = hidden(at);
    if (size != 0 && at >= shown_from) out += mark;
    shown_from = std::max(shown_from, at + size);
    if (at >= shown_from) out += text[at];
  }
  return out;
}

/// The size of the longest of `secrets` that `text` begins with, or 0.
[[nodiscard]] inline std::size_t secret_at(std::string_view text, const std::vector<std::string>& secrets) {
  std::size_t size = 0;
  for (const std::string& secret : secrets)
    if (text.starts_with(secret)) size = std::max(size, secret.size());
  return size;
}

}  // namespace cloudflare::detail
