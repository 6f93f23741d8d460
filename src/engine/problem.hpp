#pragma once

// Reads RFC 9457 problems. Cloudflare's own error pages, for all 1xxx errors and for 500, 502, 504 and 520 to 526, are
// such problems if JSON is asked for (https://developers.cloudflare.com/fundamentals/reference/error-responses/).

#include <chrono>
#include <optional>
#include <string>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

/// A problem as a message: `error_code` and `detail`; its `meta` holds the members that say more, as JSON.
struct Problem {
  Message message{};
  std::optional<bool> retryable{};
  std::optional<std::chrono::seconds> retry_after{};
  std::string ray_id{};
};

/// nullopt if `body` is not the JSON of a problem.
[[nodiscard]] std::optional<Problem> read_problem(std::string& body);

}  // namespace cloudflare::detail
