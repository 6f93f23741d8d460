#pragma once

// Parses multipart/form-data as bytes, so that a binary value is not changed.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudflare::local {

[[nodiscard]] bool is_multipart(std::string_view content_type);

/// Names and contents of the parts, in order, as views of `body`; empty if the form is malformed.
[[nodiscard]] std::vector<std::pair<std::string, std::string_view>> parse_multipart(std::string_view content_type,
                                                                                    std::string_view body);

}  // namespace cloudflare::local
