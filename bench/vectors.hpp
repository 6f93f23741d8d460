#pragma once

// The vectors of ndjson-encode and vectors-decode, and what each baseline does with them.

#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace bench {

constexpr std::size_t dimensions = 768;
constexpr std::size_t vector_count = 1000;

/// A decoded vector: cloudflare::vectorize::Vector in plain types.
struct Decoded {
  std::string id{};
  std::vector<float> values{};
  std::string ns{};
  std::string metadata{};
};

/// Numbers like those of embeddings, row after row.
inline std::vector<float> make_values() {
  std::mt19937 random(1);
  std::normal_distribution<float> numbers(0, 0.05F);
  std::vector<float> values(vector_count * dimensions);
  for (float& value : values) value = numbers(random);
  return values;
}

inline std::string id_of(std::size_t row) { return "document-" + std::to_string(row); }

/// The sum of all bit patterns: it differs if a single float was read differently.
inline std::uint64_t checksum(std::span<const float> values) {
  std::uint64_t sum = 0;
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    sum = sum * 31 + bits;
  }
  return sum;
}

/// Lines of ndjson, each {"id":…,"values":[…]}.
std::string encode_to_chars(std::span<const float> values);
std::string encode_nlohmann(std::span<const float> values);

/// The vectors of a reply to get_by_ids. `reply` has simdjson's padding behind it.
std::vector<Decoded> decode_simdjson(const std::string& reply);
std::vector<Decoded> decode_nlohmann(const std::string& reply);

}  // namespace bench
