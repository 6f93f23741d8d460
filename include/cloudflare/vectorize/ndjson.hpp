#pragma once

// Vectors as newline-delimited JSON, the body of Vectorize's insert and upsert: one object per line, each ending in one
// newline. Namespace and metadata are left out when absent. Floats are the shortest text that reads back to the same
// float32, whether the reader goes through float or through double.

#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include <cloudflare/vectorize/types.hpp>

namespace cloudflare::ndjson {

using vectorize::VectorView;

/// Appends one line; `out` is unchanged if it throws.
/// @throws Error  invalid_argument: NaN or infinity (its position is named); id, namespace or metadata not UTF-8;
///                metadata not one JSON object. The limits of Vectorize are not checked here: uploads check them.
CLOUDFLARE_API void append(std::string& out, const VectorView& vector);

/// Every vector of a range, read once. @throws Error  as append(), with the position in the range
template <vectorize::VectorInput R>
[[nodiscard]] std::string encode(R&& vectors);

/// Rows of a row-major matrix with an id each, as a range of vectors. It owns no memory: what it is given must outlive
/// it.
class CLOUDFLARE_API Matrix {
 public:
  /// @throws Error  invalid_argument if `values` does not hold `dimensions` values for each id
  Matrix(std::span<const std::string> ids, std::span<const float> values, std::size_t dimensions,
         std::string_view ns = std::string_view());

  class iterator {
   public:
    using value_type = VectorView;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    iterator(const Matrix* matrix, std::size_t row) : matrix_(matrix), row_(row) {}
    VectorView operator*() const { return (*matrix_)[row_]; }
    iterator& operator++() {
      ++row_;
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      ++row_;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) { return a.row_ == b.row_; }

   private:
    const Matrix* matrix_ = nullptr;
    std::size_t row_ = 0;
  };

  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }
  [[nodiscard]] VectorView operator[](std::size_t row) const {
    return {.id = ids_[row], .values = values_.subspan(row * dimensions_, dimensions_), .ns = ns_};
  }
  [[nodiscard]] iterator begin() const { return {this, 0}; }
  [[nodiscard]] iterator end() const { return {this, size()}; }

 private:
  std::span<const std::string> ids_;
  std::span<const float> values_;
  std::size_t dimensions_;
  std::string_view ns_;
};

template <vectorize::VectorInput R>
std::string encode(R&& vectors) {
  std::string out;
  std::size_t position = 0;
  for (auto&& vector : vectors) {
    try {
      append(out, vectorize::as_view(vector));
    } catch (const Error& error) {
      throw invalid_argument("vector " + std::to_string(position) + ": " + error.details().text);
    }
    ++position;
  }
  return out;
}

}  // namespace cloudflare::ndjson
