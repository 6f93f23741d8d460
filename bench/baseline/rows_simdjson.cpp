// A hand-written On-Demand loop, with the parser kept between replies as simdjson recommends.

#include "../rows.hpp"

#include <simdjson.h>

namespace bench {

template <class Text>
Checksum decode_simdjson(const std::string& reply) {
  namespace json = simdjson::ondemand;
  static json::parser parser;
  json::document document = parser.iterate(reply.data(), reply.size(), reply.capacity());
  std::vector<Row<Text>> rows;
  for (json::object result : document["result"]) {
    for (json::array cells : result["results"]["rows"]) {
      Row<Text>& row = rows.emplace_back();
      auto cell = cells.begin();
      row.id = (*cell).get_int64();
      ++cell;
      row.name = Text((*cell).get_string().value());
      ++cell;
      json::value score = *cell;
      if (!score.is_null()) row.score = score.get_double();
      ++cell;
      row.visits = (*cell).get_int64();
      ++cell;
      row.note = Text((*cell).get_string().value());
      ++cell;
    }
  }
  if (!document["success"].get_bool()) throw std::runtime_error("no success");
  Checksum sum;
  for (const Row<Text>& row : rows) sum.add(row);
  return sum;
}

template Checksum decode_simdjson<std::string_view>(const std::string& reply);
template Checksum decode_simdjson<std::string>(const std::string& reply);

}  // namespace bench
