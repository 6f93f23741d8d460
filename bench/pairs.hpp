#pragma once

// The pairs of kv-bulk-encode and the pages of keys-list, and what nlohmann/json does with them.

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct Pair {
  std::string key{};
  std::string value{};
  std::string lang{};  ///< With `size`, the metadata {"lang": …, "size": …}.
  int size = 0;
};

/// 10 000 pairs of 1 KiB of text with a line break and quotes now and then.
inline std::vector<Pair> make_pairs() {
  const std::string sentence =
      "The \"quick\" brown fox jumps over the lazy dog, and na\xC3\xAFve readers follow it home.\n";
  std::vector<Pair> pairs;
  for (int i = 0; i < 10'000; ++i) {
    std::string text = "Page " + std::to_string(i) + ": ";
    while (text.size() + sentence.size() <= 1024) text += sentence;
    text.resize(1024, '.');
    pairs.push_back({"page/" + std::to_string(i), std::move(text), i % 2 == 0 ? "en" : "fr", i});
  }
  return pairs;
}

/// A listed key: cloudflare::kv::Key in plain types.
struct ListedKey {
  std::string name{};
  std::int64_t expiration = 0;
  std::string metadata{};
};

std::string encode_nlohmann(const std::vector<Pair>& pairs);
/// Whether two texts are the same JSON.
bool same_json(const std::string& a, const std::string& b);
std::vector<ListedKey> keys_nlohmann(const std::string& page);

}  // namespace bench
