#include <nlohmann/json.hpp>

#include "../pairs.hpp"

namespace bench {

using nlohmann::json;

std::string encode_nlohmann(const std::vector<Pair>& pairs) {
  json all = json::array();
  for (const Pair& pair : pairs)
    all.push_back({{"key", pair.key}, {"value", pair.value}, {"metadata", {{"lang", pair.lang}, {"size", pair.size}}}});
  return all.dump();
}

bool same_json(const std::string& a, const std::string& b) { return json::parse(a) == json::parse(b); }

std::vector<ListedKey> keys_nlohmann(const std::string& page) {
  const json reply = json::parse(page);
  if (!reply.at("success").get<bool>()) return {};
  std::vector<ListedKey> keys;
  keys.reserve(reply.at("result").size());
  for (const json& item : reply.at("result")) {
    ListedKey& key = keys.emplace_back();
    key.name = item.at("name").get_ref<const std::string&>();
    if (const auto it = item.find("expiration"); it != item.end()) key.expiration = it->get<std::int64_t>();
    if (const auto it = item.find("metadata"); it != item.end()) key.metadata = it->dump();
  }
  return keys;
}

}  // namespace bench
