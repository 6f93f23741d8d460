// Checks of Vectorize's limits before sending.

#include "vectorize/common.hpp"

#include "vectorize/rules.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using std::to_string;

struct TooDeep {};

std::optional<Error> check_metadata_key(std::string_view key) {
  if (detail::is_metadata_key(key)) return std::nullopt;
  return invalid_argument("the metadata key '" + std::string(key.substr(0, 64)) +
                          "' is not allowed: keys are not empty, hold no '.', '\"' or '|' and do not begin with '$'");
}

using OnKey = std::function<void(std::string_view)>;

// Reads every token to find invalid JSON. `depth` is the level of the value if it is an object or array.
void walk(json::value value, const OnKey& on_key, std::size_t depth = 1) {
  switch (detail::type_of(value)) {
    case json::json_type::object:
      if (depth > limits::json_depth) throw TooDeep();
      for (auto field : value.get_object()) {
        const std::string_view key = field.unescaped_key();
        if (on_key) on_key(key);
        walk(field.value(), on_key, depth + 1);
      }
      return;
    case json::json_type::array:
      if (depth > limits::json_depth) throw TooDeep();
      for (auto item : value.get_array()) walk(item.value(), on_key, depth + 1);
      return;
    case json::json_type::string: (void)value.get_string().value(); return;
    case json::json_type::number: (void)value.get_double().value(); return;
    case json::json_type::boolean: (void)value.get_bool().value(); return;
    case json::json_type::null:
      if (!value.is_null()) throw simdjson::simdjson_error(simdjson::N_ATOM_ERROR);
      return;
    default: throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  }
}

}  // namespace

std::optional<Error> check_index_name(std::string_view name, bool limits) {
  if (name.empty()) return invalid_argument("the name of the index is empty");
  if (name == "." || name == "..") return invalid_argument("the index names \".\" and \"..\" are not allowed");
  if (!detail::is_utf8(name)) return invalid_argument("the name of the index is not UTF-8");
  if (limits && name.size() > limits::vectorize_name_bytes)
    return invalid_argument("the name of the index has " + to_string(name.size()) + " bytes; at most 64 are allowed");
  return std::nullopt;
}

std::optional<Error> check_namespace(std::string_view ns, bool limits) {
  if (!detail::is_utf8(ns)) return invalid_argument("the namespace is not UTF-8");
  if (limits && ns.size() > limits::vectorize_namespace_bytes)
    return invalid_argument("the namespace has " + to_string(ns.size()) + " bytes; at most 64 are allowed");
  return std::nullopt;
}

std::optional<Error> check_vector_id(std::string_view id, bool limits) {
  if (id.empty()) return invalid_argument("the id is empty");
  if (!detail::is_utf8(id)) return invalid_argument("the id is not UTF-8");
  if (limits && id.size() > limits::vectorize_id_bytes)
    return invalid_argument("the id has " + to_string(id.size()) + " bytes; at most 64 are allowed");
  return std::nullopt;
}

std::optional<Error> check_object(std::string_view what, std::string& text, const OnKey& on_key) {
  if (auto error = detail::check_written(what, text)) return error;
  if (!detail::is_utf8(text)) return invalid_argument(std::string(what) + " is not UTF-8");
  try {
    const auto read = detail::read_json(text, 0, text.size(), what, [&](json::document& document) {
      json::value root = document.get_value();
      if (root.type() != json::json_type::object) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
      walk(root, on_key);
      return true;
    });
    if (read) return std::nullopt;
  } catch (const TooDeep&) {
    return invalid_argument(detail::too_deep(what));
  }
  return invalid_argument(std::string(what) + " is not one JSON object");
}

std::optional<Error> check_metadata(std::string_view metadata, bool limits) {
  if (limits && metadata.size() > limits::vectorize_metadata_bytes)
    return invalid_argument("the metadata has " + to_string(metadata.size()) +
                            " bytes as JSON; at most 10 KiB (10240) are allowed");
  std::string text(metadata);
  std::optional<Error> bad_key;
  auto error = check_object("the metadata", text, [&](std::string_view key) {
    if (!bad_key) bad_key = check_metadata_key(key);
  });
  if (error) return error;
  return limits ? bad_key : std::nullopt;
}

std::optional<Error> check_vector(const vectorize::VectorView& vector, int dimensions) {
  const std::size_t count = vector.values.size();
  if (dimensions > 0 && count != static_cast<std::size_t>(dimensions))
    return invalid_argument("it has " + to_string(count) + " dimensions; " + to_string(dimensions) + " are needed");
  if (count == 0 || count > static_cast<std::size_t>(limits::vectorize_max_dimensions))
    return invalid_argument("it has " + to_string(count) + " dimensions; 1 to 1536 are allowed");
  if (auto error = check_vector_id(vector.id, true)) return error;
  if (vector.ns.size() > limits::vectorize_namespace_bytes)
    return invalid_argument("the namespace has " + to_string(vector.ns.size()) + " bytes; at most 64 are allowed");
  return std::nullopt;
}

Error at_vector(const Error& error, std::uint64_t position, std::string_view id) {
  return invalid_argument("vector " + to_string(position) + " (\"" + std::string(id.substr(0, 64)) +
                          "\"): " + error.details().text);
}

std::optional<Error> VectorEncoder::append(std::string& out, const vectorize::VectorView& given) {
  vectorize::VectorView vector = given;
  if (vector.ns.empty()) vector.ns = ns_;
  if (limits_)
    if (auto error = check_vector(vector, dimensions_)) return error;
  auto error = detail::append_line(out, vector, limits_);
  if (!error && dimensions_ == 0) dimensions_ = static_cast<int>(vector.values.size());
  return error;
}

}  // namespace cloudflare::ops
