#pragma once

// The vectors of one index in memory: values in float32, row by row, and what a search selects rows by.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "local/vectorize/types.hpp"

namespace cloudflare::local {

/// The cells of one metadata index, one for each row.
struct PropertyColumn {
  PropertyIndex index{};
  std::vector<PropertyValue> cells{};
};

/// A row in int8: each value is `scale` times its level, and what that leaves of the row has the norm `rest`.
struct CoarseRow {
  const std::int8_t* levels = nullptr;
  double scale = 0;
  double rest = 0;
};

/// Rows are numbered from 0 without gaps; an erasure moves the last row to the gap. Not thread-safe.
class VectorTable {
 public:
  explicit VectorTable(std::size_t dimensions) : dimensions_(dimensions) {}

  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }
  [[nodiscard]] std::optional<std::size_t> find(const std::string& id) const;
  [[nodiscard]] const std::string& id(std::size_t row) const { return *ids_[row]; }
  [[nodiscard]] const float* values(std::size_t row) const {
    return blocks_[row / block_rows].values.get() + row % block_rows * dimensions_;
  }
  [[nodiscard]] double norm(std::size_t row) const { return norms_[row]; }
  /// A quarter of the bytes of values(), by which a search finds most of the rows that are too far away.
  [[nodiscard]] CoarseRow coarse(std::size_t row) const {
    return {blocks_[row / block_rows].levels.get() + row % block_rows * dimensions_, coarse_[row].scale,
            coarse_[row].rest};
  }
  /// 0: no namespace.
  [[nodiscard]] std::uint32_t ns(std::size_t row) const { return namespaces_[row]; }
  [[nodiscard]] const std::string& ns_name(std::uint32_t number) const { return namespace_names_[number]; }
  [[nodiscard]] std::optional<std::uint32_t> find_ns(const std::string& name) const;
  /// How many namespaces were ever used.
  [[nodiscard]] std::size_t ns_count() const noexcept { return namespace_names_.size() - 1; }
  [[nodiscard]] const std::vector<PropertyColumn>& columns() const noexcept { return columns_; }

  /// Adds or replaces a vector. `cells` has one entry for each column.
  void put(const std::string& id, std::span<const float> values, const std::string& ns,
           std::vector<PropertyValue> cells);
  void erase(const std::string& id);
  /// Adds a column whose cells are all absent.
  void add_column(const PropertyIndex& index);
  void remove_column(std::string_view property);

 private:
  // Blocks instead of one array, so that growth copies nothing and needs no second array.
  static constexpr std::size_t block_rows = 1024;
  struct Block {
    std::unique_ptr<float[]> values{};
    std::unique_ptr<std::int8_t[]> levels{};
  };
  struct Coarse {
    double scale = 0;
    double rest = 0;
  };

  // Sets the values of a row and what is computed from them.
  void set_values(std::size_t row, const float* values);
  [[nodiscard]] std::uint32_t intern(const std::string& ns);

  std::size_t dimensions_;
  std::unordered_map<std::string, std::size_t> rows_{};
  std::vector<const std::string*> ids_{};  // the keys of rows_, which never move
  std::vector<Block> blocks_{};
  std::vector<Coarse> coarse_{};
  std::vector<double> norms_{};
  std::vector<std::uint32_t> namespaces_{};
  std::unordered_map<std::string, std::size_t> namespace_numbers_{};
  std::vector<std::string> namespace_names_{std::string()};
  std::vector<PropertyColumn> columns_{};
};

}  // namespace cloudflare::local
