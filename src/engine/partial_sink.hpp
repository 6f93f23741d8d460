#pragma once

#include <string>

#include <cloudflare/http/body.hpp>

namespace cloudflare::detail {

/// A sink that uses parts of a successful reply while it arrives. What it leaves is judged and decoded as the reply.
class PartialSink : public Sink {
 public:
  /// Called once, after the last byte.
  [[nodiscard]] virtual std::string take_rest() = 0;
};

}  // namespace cloudflare::detail
