// Values of parameters.

#include "d1/common.hpp"

namespace cloudflare::d1 {

Value::Value() : stored_(nullptr) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

Value::Value(Stored&& stored) : stored_(std::move(stored)) {}
Value::Value(char letter) : stored_(std::string(1, letter)) {}
Value::Value(const char* text) : stored_(std::string(text)) {}
Value::Value(std::string_view text) : stored_(std::string(text)) {}
Value::Value(std::string text) : stored_(std::move(text)) {}
Value::Value(Blob bytes) : stored_(std::move(bytes)) {}
Value::Value(std::span<const std::byte> bytes) : stored_(Blob(bytes.begin(), bytes.end())) {}
Value::Value(std::chrono::sys_seconds time) : stored_(std::int64_t{time.time_since_epoch().count()}) {}

Value in_list(std::initializer_list<Value> values) { return in_list(std::span<const Value>(values)); }

Value in_list(std::span<const Value> values) {
  std::string json = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) json.push_back(',');
    const Value::Stored& stored = values[i].stored();
    std::optional<Error> error;
    if (const auto* whole = std::get_if<std::int64_t>(&stored))
      detail::append_number(json, *whole);  // SQLite reads the digits itself
    else if (const auto* positive = std::get_if<std::uint64_t>(&stored))
      json += std::to_string(*positive);
    else if (std::holds_alternative<Blob>(stored))
      error = invalid_argument("JSON holds no blobs");
    else
      error = ops::append_parameter(json, values[i]);
    if (error) throw invalid_argument("value " + std::to_string(i) + " of the list: " + error->details().text);
  }
  json.push_back(']');
  if (json.size() > limits::d1_value_bytes)
    throw invalid_argument("the list has " + std::to_string(json.size()) +
                           " bytes as JSON; at most 2000000 are allowed");
  return json;
}

}  // namespace cloudflare::d1
