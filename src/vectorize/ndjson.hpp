#pragma once

// Vectors as text: what the public encoder and the operations share.

#include <optional>
#include <span>
#include <string>

#include <cloudflare/vectorize/ndjson.hpp>

namespace cloudflare::detail {

/// The position of the first NaN or infinity.
[[nodiscard]] std::optional<std::size_t> first_not_finite(std::span<const float> values);

/// Why `vector` cannot be a line, and then `out` is unchanged; `limits`: of its metadata.
[[nodiscard]] std::optional<Error> append_line(std::string& out, const vectorize::VectorView& vector, bool limits);

[[nodiscard]] Error not_finite(std::size_t position);

}  // namespace cloudflare::detail
