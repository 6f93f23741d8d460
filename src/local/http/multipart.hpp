#pragma once

// multipart/form-data by bytes, so that a binary value stays what it is.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudflare::local {

[[nodiscard]] bool is_multipart(std::string_view content_type);

/// Names and contents of the parts, in order, as views of `body`; empty if it is no well-formed form.
[[nodiscard]] std::vector<std::pair<std::string, std::string_view>> parse_multipart(std::string_view content_type,
                                                                                    std::string_view body);

}  // namespace cloudflare::local
