#include <cloudflare/limits.hpp>

#include <cmath>
#include <unordered_set>
#include <utility>

#include "base/json_in.hpp"
#include "local/http/multipart.hpp"
#include "local/vectorize/filter.hpp"
#include "local/vectorize/handlers.hpp"

namespace cloudflare::local {

namespace {

namespace ondemand = simdjson::ondemand;

// Cloudflare docs, "Vectorize limits" (Workers Paid).
constexpr std::size_t max_vector_namespaces = 50'000;

// Why a line cannot be parsed as a vector. A vector that breaks a limit is an ApiError instead.
struct Unparsable {
  std::string why;
};

std::vector<float> read_values(ondemand::value value) {
  std::vector<float> values;
  for (auto item : value.get_array()) {
    const auto number = static_cast<float>(item.get_double().value());
    if (!std::isfinite(number)) throw Unparsable{"a value is beyond the range of float32"};
    values.push_back(number);
  }
  return values;
}

// The metadata as it was sent, without white space, so that numbers keep their digits.
std::string read_metadata(ondemand::value value) {
  ondemand::object object = value.get_object().value();
  const std::string_view raw = object.raw_json().value();
  std::string compact(raw.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  if (simdjson::minify(raw.data(), raw.size(), compact.data(), size) != simdjson::SUCCESS)
    throw Unparsable{"metadata must be an object"};
  // Code 40016 was seen in AmintaCCCP/GithubStarsManager pull request 271.
  if (size > limits::vectorize_metadata_bytes)
    throw vectorize_error(40016, "metadata too large; max is 10240 bytes, got " + std::to_string(size) + " bytes");
  compact.resize(size);
  JsonProblem problem{};
  const auto json = parse_json(compact, &problem);
  if (!json && problem != JsonProblem::malformed) throw Unparsable{"metadata: " + to_text(problem)};
  if (!json || !json->is(Json::Kind::object)) throw Unparsable{"metadata must be an object"};
  check_metadata_keys(*json);
  return compact;
}

// A member that is null counts as absent.
void read_member(StoredVector& vector, std::string_view name, ondemand::value value) {
  const ondemand::json_type type = value.type().value();
  const bool is_null = type == ondemand::json_type::null;
  if (name == "id") {
    if (type != ondemand::json_type::string) throw Unparsable{"id must be a string"};
    vector.id = std::string(value.get_string().value());
  } else if (name == "values") {
    if (type != ondemand::json_type::array) throw Unparsable{"values must be an array of numbers"};
    vector.values = read_values(value);
  } else if (name == "namespace" && !is_null) {
    if (type != ondemand::json_type::string) throw Unparsable{"namespace must be a string"};
    vector.ns = std::string(value.get_string().value());
    vectorize_check_namespace(vector.ns);
  } else if (name == "metadata" && !is_null) {
    if (type != ondemand::json_type::object) throw Unparsable{"metadata must be an object"};
    vector.metadata = read_metadata(value);
  } else {
    (void)read_json(value);  // so that broken JSON is found
  }
}

StoredVector read_vector(ondemand::parser& parser, simdjson::padded_string_view line, std::size_t dimensions) {
  StoredVector vector;
  bool has_id = false;
  bool has_values = false;
  try {
    ondemand::document document = cloudflare::detail::indexed(parser, line);
    if (document.type().value() != ondemand::json_type::object) throw Unparsable{"expected a JSON object"};
    for (auto field : document.get_object()) {
      const std::string name(field.unescaped_key().value());
      has_id = has_id || name == "id";
      has_values = has_values || name == "values";
      read_member(vector, name, field.value().value());
    }
    if (!at_end(document)) throw Unparsable{"more than one JSON object"};
  } catch (const simdjson::simdjson_error& error) {
    const JsonProblem problem = problem_of(error);
    if (problem != JsonProblem::malformed) throw Unparsable{to_text(problem)};
    throw Unparsable{"expected a JSON object with id and values"};
  }
  if (!has_id || !has_values) throw Unparsable{has_id ? "values are missing" : "id is missing"};
  vectorize_check_id(vector.id);
  if (vector.values.size() != dimensions)
    throw vectorize_error(40012, "invalid vector for id=\"" + vector.id + "\", expected " + std::to_string(dimensions) +
                                     " dimensions, and got " + std::to_string(vector.values.size()) + " dimensions");
  return vector;
}

// The lines of the body: the body itself, or the part of a form.
std::string_view lines_of(Request& request) {
  const std::string_view type = request.header("content-type");
  const bool form = is_multipart(type);
  if (!form && !has_media_type(request, "application/x-ndjson"))
    throw vectorize_error(1005, "vectorize.unknown_content_type: expected application/x-ndjson or multipart/form-data");
  const auto body = request.body(limits::vectorize_upload_bytes);
  if (!body) throw ApiError{.status = 413, .code = 40026, .message = "the request is larger than 100000000 bytes"};
  if (!form) return *body;
  for (const auto& [name, content] : parse_multipart(type, *body))
    if (name == "vectors") return content;
  throw vectorize_error(40026, "vectorize.missing_part: expected a form part named \"vectors\"");
}

bool discards_unparsable(const Request& request) {
  const std::string* behavior = request.query("unparsable-behavior");
  if (behavior == nullptr || *behavior == "error") return false;
  if (*behavior == "discard") return true;
  throw vectorize_error(40026, "unparsable-behavior must be error or discard, not " + *behavior);
}

std::vector<StoredVector> read_lines(std::string_view lines, bool discard, std::size_t dimensions) {
  const simdjson::padded_string text = cloudflare::detail::padded(lines);
  std::vector<StoredVector> vectors;
  ondemand::parser parser;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::string_view(text).substr(at).find('\n');
    const std::size_t end = length == std::string_view::npos ? text.size() : at + length;
    // Discarded lines count too, because they were sent.
    if (++number > limits::vectorize_upload_vectors)
      throw vectorize_error(40026, "at most 5000 vectors are accepted in one request");
    const auto in_line = [number](const std::string& message) {
      return message + " (line " + std::to_string(number) + ")";
    };
    try {
      const std::size_t capacity = text.size() - at + simdjson::SIMDJSON_PADDING;
      const simdjson::padded_string_view line(text.data() + at, end - at, capacity);
      vectors.push_back(read_vector(parser, line, dimensions));
    } catch (const Unparsable& unparsable) {
      if (!discard) throw vectorize_error(40023, in_line("unparsable vector: " + unparsable.why));
    } catch (ApiError& error) {
      error.message = in_line(error.message);
      throw;
    }
    at = end + 1;
  }
  if (number == 0) throw vectorize_error(40026, "the request holds no vector");
  return vectors;
}

Reply upload(Account& account, Request& request, StoredMutation::Kind kind) {
  const auto index = vectorize_index(account, request);
  const bool discard = discards_unparsable(request);
  return vectorize_accepted(vectorize_store(*index, kind, lines_of(request), discard));
}

}  // namespace

std::string vectorize_store(StoredIndex& index, StoredMutation::Kind kind, std::string_view lines, bool discard) {
  StoredMutation mutation{.kind = kind, .vectors = read_lines(lines, discard, index.record().dimensions)};
  std::unordered_set<std::string> namespaces;
  for (const StoredVector& vector : mutation.vectors)
    if (!vector.ns.empty()) namespaces.insert(vector.ns);
  const auto check = [&namespaces](const VectorTable& table, const std::vector<PropertyIndex>&) {
    std::erase_if(namespaces, [&](const std::string& ns) { return table.find_ns(ns).has_value(); });
    if (table.ns_count() + namespaces.size() > max_vector_namespaces)
      throw vectorize_error(40026, "the index has reached its limit of 50000 namespaces");
  };
  return vectorize_accept(index, std::move(mutation), check);
}

Reply vectorize_insert(Account& account, Request& request) {
  return upload(account, request, StoredMutation::Kind::insert);
}

Reply vectorize_upsert(Account& account, Request& request) {
  return upload(account, request, StoredMutation::Kind::upsert);
}

}  // namespace cloudflare::local
