#pragma once

// Encodes vectors as text, for the public encoder and the operations.

#include <optional>
#include <span>
#include <string>

#include <cloudflare/vectorize/ndjson.hpp>

namespace cloudflare::detail {

/// Appends `vector` as a line, or says why it cannot, leaving `out` unchanged. `limits`: check those of its metadata.
[[nodiscard]] std::optional<Error> append_line(std::string& out, const vectorize::VectorView& vector, bool limits);

/// The error that names the first NaN or infinity of `values`.
[[nodiscard]] Error not_finite(std::span<const float> values);

}  // namespace cloudflare::detail
