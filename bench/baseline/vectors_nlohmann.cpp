// nlohmann/json: a document for each line, dumped; a DOM of the reply, and the structs that are filled from it.

#include <nlohmann/json.hpp>

#include "../vectors.hpp"

namespace bench {

using nlohmann::json;

std::string encode_nlohmann(std::span<const float> values) {
  std::string out;
  for (std::size_t row = 0; row * dimensions < values.size(); ++row) {
    json line;
    line["id"] = id_of(row);
    line["values"] = values.subspan(row * dimensions, dimensions);
    out += line.dump();
    out += '\n';
  }
  return out;
}

std::vector<Decoded> decode_nlohmann(const std::string& reply) {
  json document = json::parse(reply);
  if (!document.at("success").get<bool>()) throw std::runtime_error("no success");
  json& result = document.at("result");
  std::vector<Decoded> vectors;
  vectors.reserve(result.size());
  for (json& item : result) {
    Decoded& vector = vectors.emplace_back();
    vector.id = std::move(item.at("id").get_ref<std::string&>());
    item.at("values").get_to(vector.values);
    if (const auto ns = item.find("namespace"); ns != item.end()) vector.ns = std::move(ns->get_ref<std::string&>());
    if (const auto metadata = item.find("metadata"); metadata != item.end()) vector.metadata = metadata->dump();
  }
  return vectors;
}

}  // namespace bench
