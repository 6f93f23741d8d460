#pragma once

// The ids of a whole index.

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <cloudflare/vectorize.hpp>

namespace cloudflare::vectorize {

/// The ids that begin with `prefix`, in the order of their bytes; nullopt if `stop` came first.
[[nodiscard]] std::optional<std::vector<std::string>> list_ids(const VectorizeIndex& index, const std::string& prefix,
                                                               const std::stop_token& stop);

/// How many vectors are read at once: 50 requests.
inline constexpr std::size_t vectors_at_once = 1'000;

}  // namespace cloudflare::vectorize
