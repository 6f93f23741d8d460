#pragma once

// JSON of requests: a small tree that keeps what JavaScript would keep, and is printed as JSON.stringify prints it.

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudflare::local {

/// A parsed value. Numbers are doubles, as in the engine; if members have the same name, the last one counts.
struct Json {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string string{};
  std::vector<Json> items{};
  std::vector<std::pair<std::string, Json>> members{};

  [[nodiscard]] bool is(Kind k) const noexcept { return kind == k; }
  /// The member of an object, or null if there is none.
  [[nodiscard]] const Json* find(std::string_view name) const noexcept;
  [[nodiscard]] Json* find(std::string_view name) noexcept {
    return const_cast<Json*>(std::as_const(*this).find(name));  // NOLINT(*-const-cast): it is ours
  }
};

/// The most values of one document; the name of a member counts as one. A tree takes about 100 bytes for each value, so
/// this bounds the memory of a request. D1's largest blob, as an array of numbers, has two thirds as many.
inline constexpr std::size_t most_json_values = 3'000'000;

enum class JsonProblem : std::uint8_t { malformed, too_deep, too_many };
[[nodiscard]] JsonProblem problem_of(const simdjson::simdjson_error& error);
/// The end of a message: "its JSON is nested deeper than 100 levels".
[[nodiscard]] std::string to_text(JsonProblem problem);

/// Nothing if `text` is not one JSON document, is nested deeper than limits::json_depth or holds more than
/// most_json_values; `problem` tells which.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text, JsonProblem* problem = nullptr);
/// Reads one value of a document that is being parsed. The limits of a whole document apply to it.
/// @throws simdjson::simdjson_error
[[nodiscard]] Json read_json(simdjson::ondemand::value value);
/// True if nothing follows the value that was read from `document`.
[[nodiscard]] bool at_end(simdjson::ondemand::document& document);

void append_json(std::string& out, const Json& value);
[[nodiscard]] std::string to_text(const Json& value);
/// A number as JavaScript prints it: 5 for 5.0, 1e+21, null for what is not finite.
void append_js_number(std::string& out, double number);

/// Builds one JSON object from left to right.
class ObjectWriter {
 public:
  ObjectWriter& text(std::string_view name, std::string_view value);
  ObjectWriter& number(std::string_view name, std::int64_t value);
  ObjectWriter& boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  /// `json` is JSON text already.
  ObjectWriter& raw(std::string_view name, std::string_view json);
  [[nodiscard]] std::string take() && {
    out_ += '}';
    return std::move(out_);
  }

 private:
  void begin(std::string_view name);
  std::string out_ = "{";
};

}  // namespace cloudflare::local
