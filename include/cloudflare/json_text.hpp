#pragma once

// JSON as text. No object of this library holds a parsed JSON value, so programs built with other versions or options
// of nlohmann/json can share them; `as<T>()` (defined in <cloudflare/json.hpp>) parses on request.

#include <string>
#include <string_view>
#include <utility>

#include <cloudflare/detail/export.hpp>
#include <cloudflare/limits.hpp>

namespace cloudflare {

namespace detail {
/// Begins the text that replaces a value of the caller that cannot become JSON; the reason follows.
inline constexpr std::string_view not_json = "not JSON: ";
/// Whether JSON text, before it is parsed, nests deeper than limits::json_depth.
[[nodiscard]] CLOUDFLARE_API bool nested_too_deep(std::string_view json) noexcept;
/// Why nlohmann/json could not read a value, by the number and the text of its exception; `byte` is where the text
/// stops being JSON. Names the field if the exception does, but never what the text holds.
[[nodiscard]] CLOUDFLARE_API std::string json_mismatch(std::string_view what, int exception, std::string_view text,
                                                       std::size_t byte);
[[nodiscard]] inline std::string too_deep(std::string_view what) {
  return std::string(what) + " is nested more than " + std::to_string(limits::json_depth) + " deep";
}
}  // namespace detail

/// One JSON document as text, or nothing at all (empty), which is not the same as `null`.
class JsonText {
 public:
  JsonText() = default;
  /// Takes `text` as it is; it must be one JSON document. Calls that send it check that.
  [[nodiscard]] static JsonText raw(std::string text) {
    JsonText json;
    json.text_ = std::move(text);
    return json;
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  /// Parses the text into a T: a nlohmann::json or any type it can convert to. A number that an arithmetic T cannot
  /// hold is an error (2.0 is an integer, 2.7 is not); inside other types nlohmann/json's own rules hold, which
  /// truncate numbers.
  /// @throws Error  decode if the text is empty, nested more than limits::json_depth deep, or does not fit T; an
  ///                exception from a from_json of the caller passes through
  template <class T>
  [[nodiscard]] T as() const;

  friend bool operator==(const JsonText&, const JsonText&) = default;

 protected:
  std::string text_{};
};

}  // namespace cloudflare
