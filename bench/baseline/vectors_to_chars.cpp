// A bare loop of std::to_chars into one buffer that is large enough.

#include <charconv>

#include "../vectors.hpp"

namespace bench {

std::string encode_to_chars(std::span<const float> values) {
  constexpr std::size_t longest_float = 17, frame = 64;
  std::string out(values.size() / dimensions * (dimensions * longest_float + frame), '\0');
  char* at = out.data();
  const auto put = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  for (std::size_t row = 0; row * dimensions < values.size(); ++row) {
    put(R"({"id":")");
    put(id_of(row));
    put(R"(","values":[)");
    for (const float value : values.subspan(row * dimensions, dimensions)) {
      at = std::to_chars(at, at + longest_float, value).ptr;
      *at++ = ',';
    }
    --at;
    put("]}\n");
  }
  out.resize(static_cast<std::size_t>(at - out.data()));
  return out;
}

}  // namespace bench
