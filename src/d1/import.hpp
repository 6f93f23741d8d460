#pragma once

// An import in one part or in several.

#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/d1_job_ops.hpp>

#include "d1/resume.hpp"

namespace cloudflare::ops {

/// How much is read in one step. Between two steps the stop token is checked and other calls get their turn.
inline constexpr std::size_t import_step_bytes = 8'000'000;
inline constexpr std::size_t import_piece_bytes = 1UL << 16;

/// What is imported, and how.
struct ImportJob {
  RequestContext context;
  std::string id;
  Body sql{};
  std::optional<std::string> path{};  ///< A file that is opened when the operation begins, and replaces `sql`.
  d1::ImportOptions options{};
  ImportPoint point{};  ///< What was imported before.
};

/// Imports the SQL as the part behind the point. If D1 runs that part already, it is polled and the SQL is not read.
[[nodiscard]] FlowPtr<d1::ImportResult> import_part(ImportJob job);

/// Cuts the SQL and imports the parts behind the point.
[[nodiscard]] FlowPtr<d1::ImportResult> import_parts(ImportJob job);

}  // namespace cloudflare::ops
