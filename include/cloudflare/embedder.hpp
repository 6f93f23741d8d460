#pragma once

// Embedder: text in, vectors out. WorkersAi and local::HashEmbedder are two; a program may bring its own model.

#include <span>
#include <string>
#include <vector>

namespace cloudflare {

/// A model that turns texts into vectors. Vectors of one embedder can be compared with each other, and with those of no
/// other one.
///
/// Any thread may call. embed() waits for its result, so it is not for the client's I/O thread.
class Embedder {
 public:
  virtual ~Embedder() = default;
  /// Length of every vector; 0: not known in advance.
  [[nodiscard]] virtual int dimensions() const noexcept = 0;
  /// One vector for each text, in order. All texts or an exception: an Error, or what the embedder's own code throws.
  [[nodiscard]] virtual std::vector<std::vector<float>> embed(std::span<const std::string> texts) const = 0;

 protected:
  Embedder() = default;
  Embedder(const Embedder&) = default;
  Embedder(Embedder&&) noexcept = default;
  Embedder& operator=(const Embedder&) = default;
  Embedder& operator=(Embedder&&) noexcept = default;
};

}  // namespace cloudflare
