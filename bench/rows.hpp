#pragma once

// The rows of rows-decode, and what each baseline does with the same reply.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

template <class Text>
struct Row {
  std::int64_t id = 0;
  Text name{};
  std::optional<double> score{};
  std::int64_t visits = 0;
  Text note{};
};

struct Checksum {
  std::int64_t whole = 0;
  double real = 0;
  std::size_t bytes = 0;

  template <class R>
  void add(const R& row) {
    whole += row.id * 31 + row.visits;
    real += row.score.value_or(0.5);
    bytes += row.name.size() * 7 + row.note.size() + static_cast<unsigned char>(row.note.back());
  }
  bool operator==(const Checksum&) const = default;
};

/// Each decodes the reply into structs, sums them and frees them. `reply` has simdjson's padding behind it.
template <class Text>
Checksum decode_simdjson(const std::string& reply);
template <class Text>
Checksum decode_nlohmann(const std::string& reply);

}  // namespace bench
