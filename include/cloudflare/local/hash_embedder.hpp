#pragma once

// Text to vectors without a model and without a network, for offline use and tests. The embedded store answers requests
// to Workers AI with it.

#include <span>
#include <string>
#include <vector>

#include <cloudflare/detail/export.hpp>
#include <cloudflare/embedder.hpp>

namespace cloudflare::local {

/// Words and their parts, hashed into a vector of length 1.
///
/// It knows no meaning: texts are near each other if they share words or parts of words ("encode" meets "encoder"), and
/// synonyms are strangers. The same text gives the same floats on every platform. Letters are told apart from other
/// characters in ASCII only; bytes beyond ASCII count as letters, and only ASCII capitals are folded.
class CLOUDFLARE_API HashEmbedder final : public Embedder {
 public:
  /// @throws Error  invalid_argument: not 1 to 1536 dimensions
  explicit HashEmbedder(int dimensions = 384);
  [[nodiscard]] int dimensions() const noexcept override { return dimensions_; }
  [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string> texts) const override;

 private:
  int dimensions_;
};

}  // namespace cloudflare::local
