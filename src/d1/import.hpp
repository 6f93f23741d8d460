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

/// Imports `sql` as the part behind `from`. If D1 runs that part already, it is polled and `sql` is not read.
[[nodiscard]] FlowPtr<d1::ImportResult> import_part(const RequestContext& context, std::string_view id, Body sql,
                                                    const d1::ImportOptions& options, const ImportPoint& from);

/// Cuts `sql`, or the file at `path`, and imports the parts behind `from`.
[[nodiscard]] FlowPtr<d1::ImportResult> import_parts(const RequestContext& context, std::string_view id, Body sql,
                                                     std::optional<std::string> path, const d1::ImportOptions& options,
                                                     const ImportPoint& from);

}  // namespace cloudflare::ops
