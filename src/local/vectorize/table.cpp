#include "local/vectorize/table.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "local/vectorize/kernels.hpp"

namespace cloudflare::local {

namespace {

// Makes sure that the next element needs no memory, and lets the list grow as it would by itself.
template <class T>
void make_room(std::vector<T>& list) {
  list.emplace_back();
  list.pop_back();
}

}  // namespace

std::optional<std::size_t> VectorTable::find(const std::string& id) const {
  const auto it = rows_.find(id);
  if (it == rows_.end()) return std::nullopt;
  return it->second;
}

std::optional<std::uint32_t> VectorTable::find_ns(const std::string& name) const {
  const auto it = namespace_numbers_.find(name);
  if (it == namespace_numbers_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(it->second);
}

// Here and in put(), what may run out of memory comes first and may stay behind: spare ends are used by the next one.
std::uint32_t VectorTable::intern(const std::string& ns) {
  if (ns.empty()) return 0;
  if (const auto known = find_ns(ns)) return *known;
  std::string name = ns;
  make_room(namespace_names_);
  const auto number = static_cast<std::uint32_t>(namespace_names_.size());
  namespace_numbers_.emplace(ns, number);
  namespace_names_.push_back(std::move(name));
  return number;
}

void VectorTable::set_values(std::size_t row, const float* values) {
  Block& block = blocks_[row / block_rows];
  const std::size_t first = row % block_rows * dimensions_;
  std::copy_n(values, dimensions_, block.values.get() + first);
  norms_[row] = std::sqrt(dot<double>(values, values, dimensions_));

  double largest = 0;
  for (std::size_t i = 0; i < dimensions_; ++i) largest = std::max(largest, std::fabs(double{values[i]}));
  const double scale = largest / coarse_levels;
  double squares = 0;
  for (std::size_t i = 0; i < dimensions_; ++i) {
    const double level = scale == 0 ? 0 : std::nearbyint(values[i] / scale);
    block.levels[first + i] = static_cast<std::int8_t>(level);
    const double rest = values[i] - scale * level;
    squares += rest * rest;
  }
  coarse_[row] = {scale, std::sqrt(squares)};
}

void VectorTable::put(const std::string& id, std::span<const float> values, const std::string& ns,
                      std::vector<PropertyValue> cells) {
  const std::uint32_t number = intern(ns);
  const std::size_t row = find(id).value_or(size());
  if (row == size()) {
    norms_.resize(row + 1);
    coarse_.resize(row + 1);
    namespaces_.resize(row + 1);
    for (PropertyColumn& column : columns_) column.cells.resize(row + 1);
    if (row / block_rows == blocks_.size())
      blocks_.push_back({std::make_unique<float[]>(block_rows * dimensions_),
                         std::make_unique<std::int8_t[]>(block_rows * dimensions_)});
    make_room(ids_);
    ids_.push_back(&rows_.try_emplace(id, row).first->first);
  }
  set_values(row, values.data());
  namespaces_[row] = number;
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].cells[row] = std::move(cells[i]);
}

void VectorTable::erase(const std::string& id) {
  const auto it = rows_.find(id);
  if (it == rows_.end()) return;
  const std::size_t row = it->second;
  const std::size_t last = size() - 1;
  if (row != last) {
    ids_[row] = ids_[last];
    rows_.find(*ids_[row])->second = row;
    set_values(row, values(last));
    namespaces_[row] = namespaces_[last];
    for (PropertyColumn& column : columns_) column.cells[row] = std::move(column.cells[last]);
  }
  rows_.erase(it);
  ids_.pop_back();
  norms_.pop_back();
  coarse_.pop_back();
  namespaces_.pop_back();
  for (PropertyColumn& column : columns_) column.cells.pop_back();
  blocks_.resize((last + block_rows - 1) / block_rows);
}

void VectorTable::add_column(const PropertyIndex& index) {
  columns_.push_back({index, std::vector<PropertyValue>(size())});
}

void VectorTable::remove_column(std::string_view property) {
  std::erase_if(columns_, [property](const PropertyColumn& column) { return column.index.property == property; });
}

}  // namespace cloudflare::local
