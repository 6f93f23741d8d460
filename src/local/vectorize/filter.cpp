#include "local/vectorize/filter.hpp"

#include <cloudflare/limits.hpp>

#include <algorithm>
#include <compare>
#include <optional>

#include "base/encode.hpp"
#include "local/vectorize/handlers.hpp"
#include "vectorize/rules.hpp"

namespace cloudflare::local {

namespace {

using cloudflare::detail::FilterOp;

constexpr std::size_t indexed_bytes = 64;  // Cloudflare docs, "Metadata filtering"

ApiError wrong_filter(std::string text) { return vectorize_error(40026, "invalid filter: " + std::move(text)); }

bool is_scalar(const Json& value) { return !value.is(Json::Kind::array) && !value.is(Json::Kind::object); }

// The value that a property with dots reaches, or null.
const Json* reach(const Json& metadata, std::string_view property) {
  const Json* at = &metadata;
  for (;;) {
    const std::size_t dot = property.find('.');
    at = at->find(property.substr(0, dot));
    if (at == nullptr || dot == std::string_view::npos) return at;
    property.remove_prefix(dot + 1);
  }
}

std::string truncated(const std::string& text) {
  if (text.size() <= indexed_bytes) return text;
  std::size_t end = indexed_bytes;
  while (end > 0 && cloudflare::detail::continues_character(text[end])) --end;
  return text.substr(0, end);
}

// The column of a property, or null.
const PropertyColumn* find_column(const VectorTable& table, std::string_view property) {
  for (const PropertyColumn& column : table.columns())
    if (column.index.property == property) return &column;
  return nullptr;
}

// How a cell compares with an operand; nothing if they are of different kinds.
std::optional<std::partial_ordering> compare(const PropertyValue& cell, const Json& operand) {
  switch (operand.kind) {
    case Json::Kind::string:
      if (cell.kind == PropertyValue::Kind::string) return cell.text.compare(operand.string) <=> 0;
      break;
    case Json::Kind::number:
      if (cell.kind == PropertyValue::Kind::number) return cell.number <=> operand.number;
      break;
    case Json::Kind::boolean:
      if (cell.kind == PropertyValue::Kind::boolean) return (cell.number != 0 ? 1 : 0) <=> (operand.boolean ? 1 : 0);
      break;
    default: break;
  }
  return std::nullopt;
}

}  // namespace

void check_metadata_keys(const Json& metadata) {
  for (const Json& item : metadata.items) check_metadata_keys(item);
  for (const auto& [name, value] : metadata.members) {
    if (!cloudflare::detail::is_metadata_key(name))
      throw vectorize_error(40018, "invalid metadata key \"" + name +
                                       "\": a key is not empty, holds no '.', '\"' or '|' and does not begin with '$'");
    check_metadata_keys(value);
  }
}

PropertyValue cell_of(const PropertyIndex& index, const Json& metadata) {
  const Json* value = reach(metadata, index.property);
  if (value == nullptr) return {};
  switch (index.type) {
    case PropertyType::string:
      if (value->is(Json::Kind::string)) return {PropertyValue::Kind::string, 0, truncated(value->string)};
      break;
    case PropertyType::number:
      if (value->is(Json::Kind::number)) return {PropertyValue::Kind::number, value->number, {}};
      break;
    case PropertyType::boolean:
      if (value->is(Json::Kind::boolean)) return {PropertyValue::Kind::boolean, value->boolean ? 1.0 : 0.0, {}};
      break;
  }
  return {};
}

std::string to_text(const PropertyValue& cell) {
  std::string out;
  switch (cell.kind) {
    case PropertyValue::Kind::absent: return "null";
    case PropertyValue::Kind::boolean: return cell.number != 0 ? "true" : "false";
    case PropertyValue::Kind::number: append_js_number(out, cell.number); break;
    case PropertyValue::Kind::string: cloudflare::detail::append_json_string(out, cell.text); break;
  }
  return out;
}

std::string indexed_metadata(const VectorTable& table, std::size_t row) {
  Json out{.kind = Json::Kind::object};
  for (const PropertyColumn& column : table.columns()) {
    if (column.cells[row].kind == PropertyValue::Kind::absent) continue;
    Json* at = &out;
    std::string_view rest = column.index.property;
    for (;;) {
      const std::size_t dot = rest.find('.');
      const std::string name(rest.substr(0, dot));
      at->kind = Json::Kind::object;
      auto it = std::find_if(at->members.begin(), at->members.end(), [&](const auto& m) { return m.first == name; });
      if (it == at->members.end()) it = at->members.insert(it, {name, Json()});
      at = &it->second;
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    *at = parse_json(to_text(column.cells[row])).value_or(Json());
  }
  return out.members.empty() ? std::string() : to_text(out);
}

StoreFilter::StoreFilter(const Json& json, const VectorTable& table) {
  if (!json.is(Json::Kind::object) || json.members.empty()) throw wrong_filter("expected an object with members");
  if (const std::size_t size = to_text(json).size(); size > limits::vectorize_filter_bytes)
    throw wrong_filter("must be shorter than 2048 bytes, got " + std::to_string(size));
  for (const auto& [property, condition] : json.members) {
    if (!cloudflare::detail::is_filter_key(property) ||
        cloudflare::detail::count_characters(property) > limits::vectorize_filter_key_chars)
      throw wrong_filter("key \"" + property.substr(0, 64) +
                         "\" is empty, longer than 512 characters, begins with '$' or holds '\"' or '|'");
    add(find_column(table, property), property, condition);
  }
}

void StoreFilter::add(const PropertyColumn* column, std::string_view property, const Json& condition) {
  const auto wrong = [property](std::string text) {
    text.append(" for \"").append(property.substr(0, 64)).append("\"");
    return wrong_filter(std::move(text));
  };
  if (is_scalar(condition)) {
    conditions_.push_back({column, FilterOp::equal, {condition}});
    return;
  }
  if (!condition.is(Json::Kind::object)) throw wrong("expected a value or an object of operators");
  cloudflare::detail::FilterOps ops;
  for (const auto& [name, operand] : condition.members) {
    const auto op = cloudflare::detail::find_filter_op(name);
    if (!op) throw wrong("unknown operator " + name);
    ops.add(*op);
    const auto& items = operand.items;
    if (takes_list(*op)) {
      if (!operand.is(Json::Kind::array) || !std::all_of(items.begin(), items.end(), is_scalar))
        throw wrong(name + " takes an array of strings, numbers, booleans or nulls");
    } else if (is_lower_bound(*op) || is_upper_bound(*op)) {
      if (!operand.is(Json::Kind::string) && !operand.is(Json::Kind::number))
        throw wrong(name + " takes a string or a number");
    } else if (!is_scalar(operand)) {
      throw wrong(name + " takes a string, number, boolean or null");
    }
    conditions_.push_back({column, *op, takes_list(*op) ? items : std::vector{operand}});
  }
  if (!ops.allowed()) throw wrong("expected one operator, or one lower and one upper bound");
}

bool StoreFilter::passes(std::size_t row) const {
  return std::all_of(conditions_.begin(), conditions_.end(), [row](const Condition& condition) {
    return condition.column != nullptr && passes(condition, condition.column->cells[row]);
  });
}

bool StoreFilter::passes(const Condition& condition, const PropertyValue& cell) {
  if (cell.kind == PropertyValue::Kind::absent) return false;
  const auto& operands = condition.operands;
  const auto is_one_of_them = [&] {
    return std::any_of(operands.begin(), operands.end(), [&](const Json& operand) {
      return compare(cell, operand) == std::partial_ordering::equivalent;
    });
  };
  const auto order = [&] { return compare(cell, operands.front()).value_or(std::partial_ordering::unordered); };
  switch (condition.op) {
    case FilterOp::equal:
    case FilterOp::in: return is_one_of_them();
    case FilterOp::not_equal:
    case FilterOp::not_in: return !is_one_of_them();
    case FilterOp::less: return std::is_lt(order());
    case FilterOp::less_equal: return std::is_lteq(order());
    case FilterOp::greater: return std::is_gt(order());
    case FilterOp::greater_equal: return std::is_gteq(order());
  }
  return false;
}

}  // namespace cloudflare::local
