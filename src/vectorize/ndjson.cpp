#include "vectorize/ndjson.hpp"

#include <algorithm>
#include <cmath>

#include "base/encode.hpp"
#include "vectorize/common.hpp"

namespace cloudflare {

namespace detail {

namespace {

// JSON on one line: between its tokens a line break is white space, within them it is not allowed.
void append_on_one_line(std::string& out, std::string_view json) {
  const std::size_t begin = out.size();
  out.append(json);
  for (std::size_t at = out.find_first_of("\r\n", begin); at != std::string::npos; at = out.find_first_of("\r\n", at))
    out[at] = ' ';
}

}  // namespace

Error not_finite(std::span<const float> values) {
  const auto at = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  return invalid_argument("value " + std::to_string(at - values.begin()) +
                          " is NaN or infinite; only finite numbers are allowed");
}

std::optional<Error> append_line(std::string& out, const vectorize::VectorView& vector, bool limits) {
  if (!is_utf8(vector.id)) return invalid_argument("the id is not UTF-8");
  if (!is_utf8(vector.ns)) return invalid_argument("the namespace is not UTF-8");
  if (!vector.metadata.empty())
    if (auto error = ops::check_metadata(vector.metadata, limits)) return error;
  const std::size_t before = out.size();
  append_json_string(out.append(R"({"id":)"), vector.id);
  if (!append_floats(out.append(R"(,"values":)"), vector.values)) {
    out.resize(before);
    return not_finite(vector.values);
  }
  if (!vector.ns.empty()) append_json_string(out.append(R"(,"namespace":)"), vector.ns);
  if (!vector.metadata.empty()) append_on_one_line(out.append(R"(,"metadata":)"), vector.metadata);
  out.append("}\n");
  return std::nullopt;
}

}  // namespace detail

namespace ndjson {

void append(std::string& out, const VectorView& vector) {
  if (auto error = detail::append_line(out, vector, false)) throw Error(std::move(*error));
}

Matrix::Matrix(std::span<const std::string> ids, std::span<const float> values, std::size_t dimensions,
               std::string_view ns)
    : ids_(ids), values_(values), dimensions_(dimensions), ns_(ns) {
  if (dimensions == 0 || values.size() / dimensions != ids.size() || values.size() % dimensions != 0)
    throw invalid_argument("the matrix has " + std::to_string(values.size()) + " values; " +
                           std::to_string(ids.size()) + " rows of " + std::to_string(dimensions) + " were expected");
}

}  // namespace ndjson

}  // namespace cloudflare
