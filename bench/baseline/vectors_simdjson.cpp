// simdjson On-Demand, one pass by hand over the whole reply.

#include <simdjson.h>

#include "../vectors.hpp"

namespace bench {

std::vector<Decoded> decode_simdjson(const std::string& reply) {
  static simdjson::ondemand::parser parser;
  simdjson::ondemand::document document = parser.iterate(reply.data(), reply.size(), reply.capacity());
  std::vector<Decoded> vectors;
  bool success = false;
  for (auto member : document.get_object()) {
    const std::string_view name = member.unescaped_key();
    if (name == "success") success = member.value().get_bool();
    if (name != "result") continue;
    for (auto item : member.value().get_array()) {
      Decoded& vector = vectors.emplace_back();
      vector.values.reserve(dimensions);
      for (auto field : item.get_object()) {
        const std::string_view key = field.unescaped_key();
        if (key == "id") {
          vector.id = std::string_view(field.value().get_string());
        } else if (key == "values") {
          for (auto value : field.value().get_array())
            vector.values.push_back(static_cast<float>(double(value.get_double())));
        } else if (key == "namespace") {
          vector.ns = std::string_view(field.value().get_string());
        } else if (key == "metadata") {
          vector.metadata = std::string_view(field.value().get_object().value().raw_json());
        }
      }
    }
  }
  if (!success) throw std::runtime_error("no success");
  return vectors;
}

}  // namespace bench
