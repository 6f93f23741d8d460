#include "vectorize/filter_match.hpp"

#include <algorithm>
#include <map>

#include "base/json_number.hpp"
#include "vectorize/common.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::FilterOp;
using Values = std::map<std::string, FilterScalar>;

double read_number(json::value value) {
  std::string_view token = value.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  const auto number = detail::read_json_number(token);
  if (!number) throw simdjson::simdjson_error(simdjson::NUMBER_ERROR);
  return *number;
}

// Objects and arrays are no scalars, and equal nothing.
FilterScalar read_scalar(json::value value) {
  switch (value.type().value()) {
    case json::json_type::boolean: return value.get_bool().value();
    case json::json_type::number: return read_number(value);
    case json::json_type::string: return detail::string(value);
    default: return std::monostate();
  }
}

// Fills in the values that `values` names; a dot in a name reaches into an object. Metadata has been accepted by the
// server, which bounds its depth; a deeper level than allowed is not looked at.
void read_members(json::object object, const std::string& path, Values& values, std::size_t depth) {
  for (auto field : object) {
    const std::string name = path + std::string(std::string_view(field.unescaped_key()));
    json::value value = field.value();
    const auto found = values.find(name);
    if (found != values.end() && value.type() != json::json_type::object)
      found->second = read_scalar(value);
    else if (value.type() == json::json_type::object && depth < limits::json_depth)
      read_members(value.get_object(), name + ".", values, depth + 1);
  }
}

}  // namespace

FilterMatcher::FilterMatcher(const vectorize::Filter& filter) {
  std::string text = filter.text();
  if (text.empty()) return;
  const auto read = detail::read_json(text, 0, text.size(), "the filter", [&](json::document& document) {
    for (auto field : document.get_object()) {
      const std::string property(std::string_view(field.unescaped_key()));
      json::value value = field.value();
      if (value.type() != json::json_type::object) {
        conditions_.push_back({property, FilterOp::equal, {read_scalar(value)}});
        continue;
      }
      for (auto part : value.get_object()) {
        const auto op = detail::find_filter_op(part.unescaped_key());
        json::value operand = part.value();
        if (!op) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
        auto& condition = conditions_.emplace_back(Condition{property, *op, {}});
        if (!detail::takes_list(*op)) {
          condition.operands.push_back(read_scalar(operand));
          continue;
        }
        for (auto item : operand.get_array()) condition.operands.push_back(read_scalar(item.value()));
      }
    }
    return true;
  });
  if (!read) throw Error(read.error());
}

bool FilterMatcher::passes(const Metadata& metadata) const {
  if (conditions_.empty()) return true;
  if (metadata.text().empty()) return false;
  Values values;
  for (const Condition& condition : conditions_) values.emplace(condition.property, std::monostate());
  std::string text = metadata.text();
  const auto read = detail::read_json(text, 0, text.size(), "the metadata", [&](json::document& document) {
    read_members(document.get_object(), "", values, 1);
    return true;
  });
  return read && std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
           return passes(condition, values.at(condition.property));
         });
}

bool FilterMatcher::passes(const Condition& condition, const FilterScalar& value) {
  if (std::holds_alternative<std::monostate>(value)) return false;
  const auto& operands = condition.operands;
  const bool is_one_of_them = std::find(operands.begin(), operands.end(), value) != operands.end();
  const auto same_kind = [&] { return operands.front().index() == value.index(); };
  switch (condition.op) {
    case FilterOp::equal:
    case FilterOp::in: return is_one_of_them;
    case FilterOp::not_equal:
    case FilterOp::not_in: return !is_one_of_them;
    case FilterOp::less: return same_kind() && value < operands.front();
    case FilterOp::less_equal: return same_kind() && value <= operands.front();
    case FilterOp::greater: return same_kind() && value > operands.front();
    case FilterOp::greater_equal: return same_kind() && value >= operands.front();
  }
  return false;
}

}  // namespace cloudflare::ops
