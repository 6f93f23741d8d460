// Words weigh more than their parts, and words that every text has weigh little. Sums are whole numbers, and division
// and square root are exact to the last bit on every platform, so the floats are the same everywhere.

#include <cloudflare/error.hpp>
#include <cloudflare/limits.hpp>
#include <cloudflare/local/hash_embedder.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace cloudflare::local {

namespace {

constexpr int word_weight = 5;
constexpr int common_weight = 1;
constexpr int part_weight = 2;
constexpr std::size_t ngram_part_bytes = 4;

// In order.
constexpr std::array<std::string_view, 32> common{
    "a",  "an", "and", "are", "as", "at", "be",   "by",  "can",  "do", "does", "for", "how",  "i",     "in",   "is",
    "it", "my", "not", "of",  "on", "or", "that", "the", "this", "to", "was",  "we",  "what", "which", "with", "you"};
static_assert(std::is_sorted(common.begin(), common.end()));

class Features {
 public:
  explicit Features(int dimensions) : sums_(static_cast<std::size_t>(dimensions)) {}

  void add_text(std::string_view text) {
    std::string word;
    for (const char c : text) {
      if (is_letter(c))
        word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
      else
        close(word);
    }
    close(word);
    if (!any_) add("", text, word_weight);  // punctuation alone
  }

  // The direction of the sums, with length 1.
  [[nodiscard]] std::vector<float> vector() const {
    double square = 0;  // below 2^53, so exact
    for (const std::int64_t sum : sums_) square += static_cast<double>(sum * sum);
    std::vector<float> vector(sums_.size());
    if (square == 0) {  // all features cancelled each other out
      vector.front() = 1;
      return vector;
    }
    const double length = std::sqrt(square);
    for (std::size_t i = 0; i < sums_.size(); ++i)
      vector[i] = static_cast<float>(static_cast<double>(sums_[i]) / length);
    return vector;
  }

 private:
  static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
  }

  void close(std::string& word) {
    if (word.empty()) return;
    any_ = true;
    const bool is_common = std::binary_search(common.begin(), common.end(), std::string_view(word));
    add("w", word, is_common ? common_weight : word_weight);
    if (!is_common) {
      const std::string marked = "^" + word + "$";
      for (std::size_t at = 0; at + ngram_part_bytes <= marked.size(); ++at)
        add("p", std::string_view(marked).substr(at, ngram_part_bytes), part_weight);
    }
    word.clear();
  }

  // FNV-1a (64 bit), mixed: its low bits alone are not random enough for short texts. One half decides the place, one
  // bit the sign, so that features which meet in one place cancel out on average.
  void add(std::string_view kind, std::string_view feature, int weight) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const std::string_view part : {kind, feature})
      for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    hash = (hash ^ (hash >> 32U)) * 0xd6e8feb86659fd93U;
    hash ^= hash >> 32U;
    sums_[static_cast<std::size_t>((hash >> 1U) % sums_.size())] += (hash & 1U) != 0 ? weight : -weight;
  }

  std::vector<std::int64_t> sums_;
  bool any_ = false;
};

}  // namespace

HashEmbedder::HashEmbedder(int dimensions) : dimensions_(dimensions) {
  if (dimensions < 1 || dimensions > limits::vectorize_max_dimensions)
    throw invalid_argument("the embedder has " + std::to_string(dimensions) + " dimensions; 1 to 1536 are allowed");
}

std::vector<std::vector<float>> HashEmbedder::embed(std::span<const std::string> texts) const {
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  for (const std::string& text : texts) {
    Features features(dimensions_);
    features.add_text(text);
    vectors.push_back(features.vector());
  }
  return vectors;
}

}  // namespace cloudflare::local
