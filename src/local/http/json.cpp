#include "local/http/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include <cloudflare/limits.hpp>

#include "base/encode.hpp"
#include "base/json_in.hpp"
#include "base/json_number.hpp"

namespace cloudflare::local {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view white_space = " \t\r\n";

// Reads null, true, false or a number. simdjson accepts some words that only begin like null, true or false.
Json read_word(std::string_view token) {
  token = token.substr(0, token.find_last_not_of(white_space) + 1);
  if (token == "null") return {};
  Json out{.kind = Json::Kind::boolean, .boolean = token == "true"};
  if (out.boolean || token == "false") return out;
  out.kind = Json::Kind::number;
  const auto number = detail::read_json_number(token);
  if (!number) throw simdjson::simdjson_error(simdjson::NUMBER_ERROR);
  out.number = *number;
  return out;
}

// True if `text` certainly holds too many values: it counts the commas outside strings. This costs no memory; the
// parser would take four bytes for each comma before it reads the first value.
bool has_too_many_values(std::string_view text) {
  if (text.size() / 2 <= most_json_values) return false;
  std::size_t commas = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ',') ++commas;
    if (text[at] != '"') continue;
    for (++at; at < text.size() && text[at] != '"'; ++at)
      if (text[at] == '\\') ++at;
  }
  return commas > most_json_values;
}

Json read(ondemand::value value, std::size_t depth, std::size_t& room) {
  Json out;
  if (room-- == 0) throw simdjson::simdjson_error(simdjson::CAPACITY);
  const ondemand::json_type type = value.type().value();
  const bool inner = type == ondemand::json_type::array || type == ondemand::json_type::object;
  if (inner && depth == limits::json_depth) throw simdjson::simdjson_error(simdjson::DEPTH_ERROR);
  switch (type) {
    case ondemand::json_type::null:
    case ondemand::json_type::boolean:
    case ondemand::json_type::number: {
      // This does not consume the value; the loop around it skips values that were only looked at.
      simdjson::simdjson_result<std::string_view> token = value.raw_json_token();
      return read_word(token.value());
    }
    case ondemand::json_type::string:
      out.kind = Json::Kind::string;
      out.string = std::string(value.get_string().value());
      break;
    case ondemand::json_type::array:
      out.kind = Json::Kind::array;
      for (auto item : value.get_array()) out.items.push_back(read(item.value(), depth + 1, room));
      break;
    case ondemand::json_type::object: {
      out.kind = Json::Kind::object;
      std::unordered_map<std::string, std::size_t> places;
      for (auto field : value.get_object()) {
        if (room-- == 0) throw simdjson::simdjson_error(simdjson::CAPACITY);
        std::string name(field.unescaped_key().value());
        const auto [place, is_new] = places.try_emplace(name, out.members.size());
        Json member = read(field.value().value(), depth + 1, room);
        if (is_new)
          out.members.emplace_back(std::move(name), std::move(member));
        else
          out.members[place->second].second = std::move(member);
      }
      break;
    }
    default: throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  }
  return out;
}

}  // namespace

const Json* Json::find(std::string_view name) const noexcept {
  const auto it = std::find_if(members.begin(), members.end(), [name](const auto& m) { return m.first == name; });
  return it == members.end() ? nullptr : &it->second;
}

Json read_json(ondemand::value value) {
  std::size_t room = most_json_values;
  return read(value, 0, room);
}

JsonProblem problem_of(const simdjson::simdjson_error& error) {
  if (error.error() == simdjson::MEMALLOC) throw std::bad_alloc();  // the text may be fine
  if (error.error() == simdjson::DEPTH_ERROR) return JsonProblem::too_deep;
  return error.error() == simdjson::CAPACITY ? JsonProblem::too_many : JsonProblem::malformed;
}

std::string to_text(JsonProblem problem) {
  switch (problem) {
    case JsonProblem::too_deep:
      return "its JSON is nested deeper than " + std::to_string(limits::json_depth) + " levels";
    case JsonProblem::too_many: return "its JSON holds more than " + std::to_string(most_json_values) + " values";
    case JsonProblem::malformed: break;
  }
  return "could not parse the body as JSON";
}

bool at_end(ondemand::document& document) { return document.current_location().error() == simdjson::OUT_OF_BOUNDS; }

std::optional<Json> parse_json(std::string_view text, JsonProblem* problem) {
  try {
    const std::size_t begin = text.find_first_not_of(white_space);
    if (begin == std::string_view::npos) throw simdjson::simdjson_error(simdjson::EMPTY);
    if (std::string_view("[{\"").find(text[begin]) == std::string_view::npos) return read_word(text.substr(begin));
    if (has_too_many_values(text)) throw simdjson::simdjson_error(simdjson::CAPACITY);
    const simdjson::padded_string padded = cloudflare::detail::padded(text);
    ondemand::parser parser;
    ondemand::document document = cloudflare::detail::indexed(parser, padded);
    std::size_t room = most_json_values;
    Json value = text[begin] == '"'
                     ? Json{.kind = Json::Kind::string, .string = std::string(document.get_string().value())}
                     : read(document.get_value().value(), 0, room);
    if (!at_end(document)) throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
    return value;
  } catch (const simdjson::simdjson_error& error) {
    const JsonProblem found = problem_of(error);
    if (problem != nullptr) *problem = found;
    return std::nullopt;
  }
}

void append_js_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == 0) {  // also -0
    out += '0';
    return;
  }
  // The shortest digits that read back to the same double, and the power of ten of the first one.
  std::array<char, 32> buffer{};
  const char* end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(number), std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits.append(text, 2, e - 2);
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);

  if (number < 0) out += '-';
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point
  if (point > 21 || point < -5) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out.append(exponent < 0 ? "e-" : "e+");
    cloudflare::detail::append_number(out, std::abs(exponent));
  } else if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (count <= point) {
    out.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else {
    out.append(digits, 0, static_cast<std::size_t>(point)).append(".").append(digits, static_cast<std::size_t>(point));
  }
}

void append_json(std::string& out, const Json& value) {
  const char* separator = "";
  switch (value.kind) {
    case Json::Kind::null: out += "null"; break;
    case Json::Kind::boolean: out += value.boolean ? "true" : "false"; break;
    case Json::Kind::number: append_js_number(out, value.number); break;
    case Json::Kind::string: cloudflare::detail::append_json_string(out, value.string); break;
    case Json::Kind::array:
      out += '[';
      for (const Json& item : value.items) {
        out += std::exchange(separator, ",");
        append_json(out, item);
      }
      out += ']';
      break;
    case Json::Kind::object:
      out += '{';
      for (const auto& [name, member] : value.members) {
        out += std::exchange(separator, ",");
        cloudflare::detail::append_json_string(out, name);
        out += ':';
        append_json(out, member);
      }
      out += '}';
      break;
  }
}

std::string to_text(const Json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

void ObjectWriter::begin(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  cloudflare::detail::append_json_string(out_, name);
  out_ += ':';
}

ObjectWriter& ObjectWriter::text(std::string_view name, std::string_view value) {
  begin(name);
  cloudflare::detail::append_json_string(out_, value);
  return *this;
}

ObjectWriter& ObjectWriter::number(std::string_view name, std::int64_t value) {
  begin(name);
  cloudflare::detail::append_number(out_, value);
  return *this;
}

ObjectWriter& ObjectWriter::raw(std::string_view name, std::string_view json) {
  begin(name);
  out_ += json;
  return *this;
}

}  // namespace cloudflare::local
