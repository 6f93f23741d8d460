#pragma once

// JSON as text. No object of this library holds a parsed JSON value, so programs built with other versions or options
// of nlohmann/json can share them; `as<T>()` (defined in <cloudflare/json.hpp>) parses on request.

#include <string>
#include <string_view>
#include <utility>

namespace cloudflare {

/// One JSON document as text, or nothing at all (empty), which is not the same as `null`.
class JsonText {
 public:
  JsonText() = default;
  /// Takes `text` as it is; it must be one JSON document.
  [[nodiscard]] static JsonText raw(std::string text) {
    JsonText json;
    json.text_ = std::move(text);
    return json;
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  /// Parses the text into a T: a nlohmann::json or any type it can convert to.
  /// @throws Error  decode if the text is empty or does not fit T
  template <class T>
  [[nodiscard]] T as() const;

  friend bool operator==(const JsonText&, const JsonText&) = default;

 protected:
  std::string text_{};
};

}  // namespace cloudflare
