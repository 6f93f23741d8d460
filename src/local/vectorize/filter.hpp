#pragma once

// Metadata: the rules of its keys, what indexes keep of it, and filters.
// Sources: Cloudflare docs, "Metadata filtering" and "Vectorize limits".

#include <string>
#include <string_view>
#include <vector>

#include "local/http/json.hpp"
#include "local/vectorize/table.hpp"
#include "vectorize/rules.hpp"

namespace cloudflare::local {

/// Checks the names of all members, nested ones too. @throws ApiError  40018 empty, begins with '$' or holds one of ."|
void check_metadata_keys(const Json& metadata);

/// What an index of this type keeps of `metadata`: a string's first 64 bytes, cut between characters.
[[nodiscard]] PropertyValue cell_of(const PropertyIndex& index, const Json& metadata);
/// The cell's value as JSON text.
[[nodiscard]] std::string to_text(const PropertyValue& cell);
/// The indexed metadata of a row as a JSON object, nested as the properties say; empty if there is none.
[[nodiscard]] std::string indexed_metadata(const VectorTable& table, std::size_t row);

/// A filter, bound to the columns of a table. A row without a cell for a property passes no condition on it.
class StoreFilter {
 public:
  /// @throws ApiError  40026 malformed or too long
  StoreFilter(const Json& json, const VectorTable& table);
  [[nodiscard]] bool passes(std::size_t row) const;

 private:
  struct Condition {
    const PropertyColumn* column = nullptr;  ///< Null: the property has no index.
    cloudflare::detail::FilterOp op = cloudflare::detail::FilterOp::equal;
    std::vector<Json> operands{};
  };
  [[nodiscard]] static bool passes(const Condition& condition, const PropertyValue& cell);
  void add(const PropertyColumn* column, std::string_view property, const Json& condition);

  std::vector<Condition> conditions_{};
};

}  // namespace cloudflare::local
