#pragma once

// Finds the migrations of a folder and puts them in order, as wrangler does.

#include <string>
#include <vector>

#include <cloudflare/d1/jobs.hpp>

namespace cloudflare::ops {

/// The migrations of `folder` in the order in which they run: paths relative to it, with `/` between their parts.
/// @throws Error  invalid_argument: nothing found, both layouts found, a name without a number, an unknown pattern
[[nodiscard]] std::vector<std::string> migration_names(const std::string& folder, const d1::MigrateOptions& options);

}  // namespace cloudflare::ops
