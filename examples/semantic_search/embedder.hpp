#pragma once

// Text to vectors without a model: words and their neighbours are hashed into a vector of fixed length. Texts that
// share words, rare ones above all, point the same way. A model would know synonyms too; the rest of a program stays
// the same.

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

class Embedder {
 public:
  static constexpr std::size_t dimensions = 1024;

  /// Learns which words are rare.
  explicit Embedder(const std::vector<std::string>& texts) : texts_(static_cast<double>(texts.size())) {
    for (const std::string& text : texts) {
      const auto words = words_of(text);
      for (const std::string& word : std::set(words.begin(), words.end())) ++texts_with_[word];
    }
  }

  [[nodiscard]] std::vector<float> embed(std::string_view text) const {
    std::map<std::string, int> counts;
    for (const std::string& word : words_of(text)) ++counts[word];
    std::vector<float> vector(dimensions);
    for (const auto& [word, count] : counts) {
      const double weight = (1 + std::log(count)) * rarity(word);
      add(vector, word, weight);
      for (std::size_t at = 0; at + 4 <= word.size(); ++at)  // parts, so that "encode" meets "encoder"
        add(vector, "#" + word.substr(at, 4), weight / static_cast<double>(word.size()));
    }
    double square = 0;
    for (const float value : vector) square += static_cast<double>(value) * value;
    if (square > 0)
      for (float& value : vector) value = static_cast<float>(value / std::sqrt(square));
    return vector;
  }

 private:
  /// Words in lower case, without the commonest endings and without stop words.
  static std::vector<std::string> words_of(std::string_view text) {
    static constexpr std::array<std::string_view, 16> common{"and",  "are",   "but", "can", "does", "for",
                                                             "from", "has",   "how", "not", "that", "the",
                                                             "what", "which", "why", "with"};
    std::vector<std::string> words;
    std::string word;
    const auto close = [&] {
      for (const std::string_view ending : {"ing", "ion", "ed", "es", "s"})
        if (word.size() > ending.size() + 3 && word.ends_with(ending)) {
          word.resize(word.size() - ending.size());
          break;
        }
      if (word.size() > 2 && std::find(common.begin(), common.end(), word) == common.end()) words.push_back(word);
      word.clear();
    };
    for (const char c : text) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0)
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      else
        close();
    }
    close();
    return words;
  }

  [[nodiscard]] double rarity(const std::string& word) const {
    const auto found = texts_with_.find(word);
    return std::log((texts_ + 1) / (found == texts_with_.end() ? 1 : found->second + 1));
  }

  /// FNV-1a decides place and sign, so that words which meet in one place cancel out on average.
  static void add(std::vector<float>& vector, std::string_view feature, double weight) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : feature) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    vector[(hash >> 8U) % dimensions] += static_cast<float>((hash & 1U) != 0 ? weight : -weight);
  }

  double texts_;
  std::map<std::string, double> texts_with_{};
};
