#pragma once

// Headers of the caller: those of request_raw(), and those that tracers add.

#include <optional>
#include <vector>

#include <cloudflare/error.hpp>
#include <cloudflare/http/transport.hpp>

namespace cloudflare::detail {

/// Why `added` may not travel beside the request's own `present`: a name that is no token, a value with a control
/// character, a header of a credential or of the framing, or one that is there already. Never shows a value.
[[nodiscard]] std::optional<Error> check_extra_headers(const std::vector<Header>& added,
                                                       const std::vector<Header>& present);

}  // namespace cloudflare::detail
