// Metadata filters: encodes conditions as JSON, and checks the rules of the filter language (Cloudflare docs, "Metadata
// filtering").

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <unordered_set>

#include "vectorize/common.hpp"
#include "vectorize/rules.hpp"

namespace cloudflare {

namespace vectorize {

namespace {

std::string json_string(std::string_view text) {
  std::string json;
  detail::append_json_string(json, text);
  return json;
}

std::string json_number(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "NaN" : "Infinity";  // not JSON, so the query is refused
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string json_array(std::span<const FilterValue> values) {
  std::string json = "[";
  for (const FilterValue& value : values) {
    if (json.size() > 1) json.push_back(',');
    json.append(value.text());
  }
  return json + "]";
}

}  // namespace

FilterValue::FilterValue(double value) : json_(json_number(value)) {}
FilterValue::FilterValue(std::string_view value) : json_(json_string(value)) {}

Filter::Filter(std::string_view key, std::string_view op, const std::string& value_json)
    : conditions_{{std::string(key), std::string(op), value_json}} {}

Filter Filter::operator&&(const Filter& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  Filter both;
  // Two adjacent documents are not JSON, so the query is refused.
  if (!raw_.empty() || !other.raw_.empty()) return JsonText::raw(text() + " && " + other.text());
  both.conditions_ = conditions_;
  both.conditions_.insert(both.conditions_.end(), other.conditions_.begin(), other.conditions_.end());
  return both;
}

std::string Filter::text() const {
  if (conditions_.empty()) return raw_;
  std::string json = "{";
  std::unordered_set<std::string_view> written;
  for (const Condition& condition : conditions_) {
    if (!written.insert(condition.key).second) continue;
    if (json.size() > 1) json.push_back(',');
    detail::append_json_string(json, condition.key);
    json.push_back(':');
    const auto same = [&](const Condition& other) { return other.key == condition.key; };
    if (condition.op == "$eq" && std::count_if(conditions_.begin(), conditions_.end(), same) == 1) {
      json.append(condition.value);
      continue;
    }
    char before = '{';
    for (const Condition& part : conditions_) {
      if (!same(part)) continue;
      json.push_back(before);
      detail::append_json_string(json, part.op);
      json.append(":").append(part.value);
      before = ',';
    }
    json.push_back('}');
  }
  return json + "}";
}

Filter Field::in(std::span<const FilterValue> values) const { return {name_, "$in", json_array(values)}; }
Filter Field::in(std::initializer_list<FilterValue> values) const { return {name_, "$in", json_array(values)}; }
Filter Field::not_in(std::span<const FilterValue> values) const { return {name_, "$nin", json_array(values)}; }
Filter Field::not_in(std::initializer_list<FilterValue> values) const { return {name_, "$nin", json_array(values)}; }

}  // namespace vectorize

namespace ops {

namespace {

namespace json = detail::json;
using vectorize::MetadataIndex;
using vectorize::MetadataType;

std::string shown(std::string_view key) { return "'" + std::string(key.substr(0, 64)) + "'"; }

// Thrown while reading, caught by check_filter.
struct NotAllowed {
  std::string why;
};

void check_filter_key(std::string_view key) {
  if (!detail::is_filter_key(key))
    throw NotAllowed{"the filter's key " + shown(key) +
                     " is not allowed: keys are not empty, hold no '\"' or '|' and do not begin with '$'"};
  const std::size_t characters = detail::count_characters(key);
  if (characters > limits::vectorize_filter_key_chars)
    throw NotAllowed{"the filter's key " + shown(key) + " has " + std::to_string(characters) +
                     " characters; at most 512 are allowed"};
}

class Reader {
 public:
  explicit Reader(const std::vector<MetadataIndex>* indexes) : indexes_(indexes) {}

  void read(json::value root) {
    std::unordered_set<std::string> keys;
    for (auto field : root.get_object()) {
      key_ = std::string(std::string_view(field.unescaped_key()));
      check_filter_key(key_);
      if (!keys.insert(key_).second) throw NotAllowed{"the filter names the property " + shown(key_) + " twice"};
      find_index();
      json::value value = field.value();
      if (value.type() == json::json_type::object)
        read_operators(value);
      else
        read_scalar(value, "$eq");
    }
    if (keys.empty()) throw NotAllowed{"the filter has no condition"};
  }

 private:
  void find_index() {
    if (indexes_ == nullptr) return;
    const auto found = std::find_if(indexes_->begin(), indexes_->end(),
                                    [&](const MetadataIndex& index) { return index.property == key_; });
    if (found == indexes_->end()) throw NotAllowed{"the filter's property " + shown(key_) + " has no metadata index"};
    type_ = found->type;
  }

  void read_operators(json::value value) {
    detail::FilterOps ops;
    for (auto field : value.get_object()) {
      const std::string name(std::string_view(field.unescaped_key()));
      json::value operand = field.value();
      const auto op = detail::find_filter_op(name);
      if (!op)
        throw NotAllowed{"the filter's " + shown(key_) + " has an operator " + shown(name) +
                         "; allowed are $eq $ne $in $nin $lt $lte $gt $gte"};
      ops.add(*op);
      if (detail::takes_list(*op)) {
        if (operand.type() != json::json_type::array)
          throw NotAllowed{name + " of the filter's " + shown(key_) + " needs an array"};
        for (auto item : operand.get_array()) read_scalar(item.value(), name);
        continue;
      }
      const bool bound = detail::is_lower_bound(*op) || detail::is_upper_bound(*op);
      if (bound && operand.type() != json::json_type::string && operand.type() != json::json_type::number)
        throw NotAllowed{name + " of the filter's " + shown(key_) + " needs a string or a number"};
      read_scalar(operand, name);
    }
    if (!ops.allowed())
      throw NotAllowed{"the filter's " + shown(key_) + " needs one operator, or one lower and one upper bound"};
  }

  // Number indexes are float64, so a larger integer would be rounded before the comparison.
  void check_number(json::number number) const {
    constexpr std::int64_t largest = 1LL << 53U;
    if (number.is_double()) return;
    if (number.is_uint64() || number.get_int64() > largest || number.get_int64() < -largest)
      throw NotAllowed{"the filter's " + shown(key_) + " is compared with an integer beyond 2^53"};
  }

  void read_scalar(json::value value, const std::string& op) {
    MetadataType type{};
    switch (value.type().value()) {
      case json::json_type::string:
        (void)value.get_string().value();
        type = MetadataType::string;
        break;
      case json::json_type::number:
        check_number(value.get_number());
        type = MetadataType::number;
        break;
      case json::json_type::boolean:
        (void)value.get_bool().value();
        type = MetadataType::boolean;
        break;
      case json::json_type::null:
        if (!value.is_null()) throw NotAllowed{"the filter is not JSON"};
        return;
      default: throw NotAllowed{op + " of the filter's " + shown(key_) + " needs a string, number, boolean or null"};
    }
    if (indexes_ != nullptr && type_ && type != type_)
      throw NotAllowed{"the filter's " + shown(key_) + " is compared with a value of another type than its index has"};
  }

  const std::vector<MetadataIndex>* indexes_;
  std::string key_{};
  std::optional<MetadataType> type_{};
};

std::size_t compact_size(std::string_view text) {
  const auto out = std::make_unique<char[]>(text.size() + simdjson::SIMDJSON_PADDING);
  std::size_t size = 0;
  return simdjson::minify(text.data(), text.size(), out.get(), size) == simdjson::SUCCESS ? size : text.size();
}

}  // namespace

std::optional<Error> check_filter(const vectorize::QueryOptions& options, bool limits) {
  if (options.filter.empty()) return std::nullopt;
  std::string text = options.filter.text();
  if (limits && text.size() > limits::vectorize_filter_bytes) {
    const std::size_t size = compact_size(text);
    if (size > limits::vectorize_filter_bytes)
      return invalid_argument("the filter has " + std::to_string(size) +
                              " bytes as compact JSON; less than 2048 are allowed");
  }
  if (auto error = check_object("the filter", text)) return error;
  try {
    auto read = detail::read_json(text, 0, text.size(), "the filter", [&](json::document& document) {
      Reader(options.metadata_indexes ? &*options.metadata_indexes : nullptr).read(document.get_value());
      return true;
    });
    if (!read) return invalid_argument("the filter is not one JSON object");
  } catch (const NotAllowed& found) {
    if (limits || options.metadata_indexes) return invalid_argument(found.why);
  }
  return std::nullopt;
}

}  // namespace ops

}  // namespace cloudflare
