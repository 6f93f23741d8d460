// A DOM, and the structs that are filled from it. Views point into the DOM.

#include "../rows.hpp"

#include <nlohmann/json.hpp>

namespace bench {

template <class Text>
Checksum decode_nlohmann(const std::string& reply) {
  using nlohmann::json;
  json document = json::parse(reply);
  if (!document.at("success").get<bool>()) throw std::runtime_error("no success");
  std::vector<Row<Text>> rows;
  for (json& result : document.at("result")) {
    json& list = result.at("results").at("rows");
    rows.reserve(rows.size() + list.size());
    for (json& cells : list) {
      Row<Text>& row = rows.emplace_back();
      row.id = cells[0].get<std::int64_t>();
      row.name = std::move(cells[1].get_ref<std::string&>());
      if (!cells[2].is_null()) row.score = cells[2].get<double>();
      row.visits = cells[3].get<std::int64_t>();
      row.note = std::move(cells[4].get_ref<std::string&>());
    }
  }
  Checksum sum;
  for (const Row<Text>& row : rows) sum.add(row);
  return sum;
}

template Checksum decode_nlohmann<std::string_view>(const std::string& reply);
template Checksum decode_nlohmann<std::string>(const std::string& reply);

}  // namespace bench
