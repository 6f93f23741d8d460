#include "vectorize/ndjson.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/encode.hpp"
#include "vectorize/common.hpp"

namespace cloudflare {

namespace detail {

namespace {

// The shortest text of this float (7.038531e-26) becomes its neighbour in a reader that goes through double, as most
// JSON readers do; one more digit helps. It is the only such finite float: all 2^32 bit patterns were tried.
constexpr std::uint32_t rounds_twice = 0x15ae43fd;
constexpr std::string_view rounds_twice_text = "7.0385307e-26";

char* write_float(char* to, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffU) == rounds_twice) [[unlikely]] {
    if ((bits >> 31U) != 0) *to++ = '-';
    std::memcpy(to, rounds_twice_text.data(), rounds_twice_text.size());
    return to + rounds_twice_text.size();
  }
  return std::to_chars(to, to + 16, value).ptr;
}

// JSON on one line: between its tokens a line break is white space, within them it is not allowed.
void append_on_one_line(std::string& out, std::string_view json) {
  const std::size_t begin = out.size();
  out.append(json);
  for (std::size_t at = out.find_first_of("\r\n", begin); at != std::string::npos; at = out.find_first_of("\r\n", at))
    out[at] = ' ';
}

}  // namespace

std::optional<std::size_t> append_floats(std::string& out, std::span<const float> values) {
  const std::size_t begin = out.size();
  constexpr std::size_t longest = 17;    // "-1.17549435e-38" and a comma
  std::array<char, 64 * longest> piece;  // NOLINT(*-member-init): written before it is read
  char* at = piece.data();
  *at++ = '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) [[unlikely]] {
      out.resize(begin);
      return i;
    }
    at = write_float(at, values[i]);
    *at++ = ',';
    if (at > piece.data() + piece.size() - longest) {
      out.append(piece.data(), static_cast<std::size_t>(at - piece.data()));
      at = piece.data();
    }
  }
  out.append(piece.data(), static_cast<std::size_t>(at - piece.data()));
  if (values.empty())
    out.push_back(']');
  else
    out.back() = ']';
  return std::nullopt;
}

Error not_finite(std::size_t position) {
  return invalid_argument("value " + std::to_string(position) + " is NaN or infinite; only finite numbers are allowed");
}

std::optional<Error> append_line(std::string& out, const vectorize::VectorView& vector, bool limits) {
  if (!is_utf8(vector.id)) return invalid_argument("the id is not UTF-8");
  if (!is_utf8(vector.ns)) return invalid_argument("the namespace is not UTF-8");
  if (!vector.metadata.empty())
    if (auto error = ops::check_metadata(vector.metadata, limits)) return error;
  const std::size_t begin = out.size();
  out.append(R"({"id":)");
  append_json_string(out, vector.id);
  out.append(R"(,"values":)");
  if (const auto position = append_floats(out, vector.values)) {
    out.resize(begin);
    return not_finite(*position);
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
