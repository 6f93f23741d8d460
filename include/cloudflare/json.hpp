#pragma once

// The JSON layer: nlohmann/json meets the text that the library stores. Nothing here keeps a json value, and json
// appears only as a template argument or a parameter type, where nlohmann's own tagged namespace is part of the name.

#include <nlohmann/json.hpp>

#include <cloudflare/error.hpp>
#include <cloudflare/fwd.hpp>
#include <cloudflare/json_text.hpp>
#include <cloudflare/result.hpp>

namespace cloudflare {

namespace detail {

/// Runs `convert`; what nlohmann/json throws leaves as an Error of kind decode that names `what`.
template <class Convert>
auto as_decode_error(std::string_view what, Convert convert) -> decltype(convert()) {
  try {
    return convert();
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::decode, std::string(what) + " does not fit the type asked for (nlohmann/json error " +
                                       std::to_string(e.id) + ")");
  }
}

template <class T, class Json = nlohmann::json>
T parse_as(std::string_view what, std::string_view text) {
  return as_decode_error(what, [&] {
    Json parsed = Json::parse(text.begin(), text.end());
    if constexpr (std::is_same_v<T, Json>) {
      return parsed;
    } else {
      return parsed.template get<T>();
    }
  });
}

/// The same as a Result.
template <class T, class Json = nlohmann::json>
Result<T> try_parse_as(std::string_view what, std::string_view text) {
  try {
    return parse_as<T, Json>(what, text);
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace detail

template <class T>
T JsonText::as() const {
  if (empty()) throw Error(ErrorKind::decode, "there is no JSON to convert: the text is empty");
  return detail::parse_as<T>("the JSON text", text_);
}

/// JSON given by the caller: `{{"lang", "en"}}`, a json value, or JsonText. Empty means absent. Metadata names it; a
/// template only so that compilers look at the conversions where they are used.
template <class>
class BasicMetadata : public JsonText {
 public:
  BasicMetadata() = default;
  BasicMetadata(JsonText text) : JsonText(std::move(text)) {}  // NOLINT(*-explicit-*)
  /// Any value nlohmann/json can take.
  template <class J>
  requires(!std::is_base_of_v<JsonText, std::remove_cvref_t<J>> && std::is_constructible_v<nlohmann::json, J>)
      BasicMetadata(J&& value) {  // NOLINT(*-explicit-*)
    set(nlohmann::json(std::forward<J>(value)));
  }
  /// Braces, by nlohmann's rule (a list of pairs is an object); one object in braces is that object.
  BasicMetadata(nlohmann::json::initializer_list_t list) {  // NOLINT(*-explicit-*)
    set(list.size() == 1 && (*list.begin())->is_object() ? **list.begin() : nlohmann::json(list));
  }

 private:
  void set(const nlohmann::json& value) {
    text_ = detail::as_decode_error("the JSON given", [&] { return value.dump(); });
  }
};

}  // namespace cloudflare
