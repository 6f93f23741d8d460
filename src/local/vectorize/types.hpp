#pragma once

// The types that the parts of the Vectorize store share.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudflare::local {

enum class Distance : std::uint8_t { cosine, euclidean, dot_product };

/// As the API spells it.
[[nodiscard]] std::string_view name_of(Distance metric);
[[nodiscard]] std::optional<Distance> metric_of(std::string_view name);

struct VectorizeRecord {
  std::int64_t number = 0;  ///< Never used again after removal.
  std::string name{};
  std::string description{};
  std::string created_on{};
  std::size_t dimensions = 0;
  Distance metric = Distance::cosine;
};

enum class PropertyType : std::uint8_t { string, number, boolean };

struct PropertyIndex {
  std::int64_t number = 0;  ///< Never used again, so that the cells of an earlier index of the property stay gone.
  std::string property{};
  PropertyType type = PropertyType::string;
};

/// What a metadata index holds of one vector.
struct PropertyValue {
  enum class Kind : std::uint8_t { absent, string, number, boolean };

  Kind kind = Kind::absent;
  double number = 0;  ///< Also a boolean, as 0 or 1.
  std::string text{};
};

struct StoredVector {
  std::string id{};
  std::vector<float> values{};
  std::string ns{};        ///< Empty: none.
  std::string metadata{};  ///< JSON text, empty: none.
};

/// A change of an index, applied as a whole.
struct StoredMutation {
  enum class Kind : std::uint8_t { insert, upsert, erase, add_metadata_index, remove_metadata_index };

  std::string id{};  ///< A UUID.
  Kind kind = Kind::upsert;
  std::vector<StoredVector> vectors{};  ///< For an erasure only their ids.
  PropertyIndex metadata_index{};
};

/// The bytes of floats, as they are kept in SQLite.
[[nodiscard]] inline std::string_view bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace cloudflare::local
