#pragma once

// What EdgeBase's configuration declares, and which resources of the account stand for it.

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include <cloudflare/local.hpp>

#include "local/d1/store.hpp"
#include "local/kv/store.hpp"
#include "local/vectorize/store.hpp"

namespace cloudflare::local {

class EdgeBaseResources {
 public:
  /// Makes what is missing. @throws Error  invalid_argument: a resource cannot be made, or an index has another shape
  EdgeBaseResources(const EdgeBaseOptions& options, NamespaceStore& kv, D1Store& d1, VectorizeStore& vectorize,
                    const Clock& clock);

  [[nodiscard]] const std::string& key() const noexcept { return key_; }

  struct Index {
    std::size_t dimensions = 0;
    Distance metric = Distance::cosine;
  };
  // The keys are the names in the configuration.
  std::map<std::string, std::string> namespaces{};  ///< Their ids.
  std::map<std::string, std::string> databases{};   ///< Their ids.
  std::map<std::string, Index> indexes{};

 private:
  std::string key_;
};

}  // namespace cloudflare::local
