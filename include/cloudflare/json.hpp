#pragma once

// The JSON layer: converts between nlohmann/json and the text that the library stores. Nothing here keeps a json value,
// and json appears only as a template argument or a parameter type, so that nlohmann's own tagged namespace is part of
// the symbol's name.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include <cloudflare/error.hpp>
#include <cloudflare/fwd.hpp>
#include <cloudflare/json_text.hpp>
#include <cloudflare/limits.hpp>
#include <cloudflare/result.hpp>

namespace cloudflare {

namespace detail {

/// The number if a T can hold it.
template <class T, class Json>
std::optional<T> fitting_number(const Json& value) {
  using Limits = std::numeric_limits<T>;
  if (!value.is_number()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    const auto real = value.template get<double>();
    if constexpr (sizeof(T) < sizeof(double))
      if (real > static_cast<double>(Limits::max()) || real < static_cast<double>(Limits::lowest()))
        return std::nullopt;
    return static_cast<T>(real);
  } else {
    const auto below = [](std::uint64_t whole) { return whole <= static_cast<std::uint64_t>(Limits::max()); };
    if (value.is_number_float()) {
      const auto real = value.template get<double>();
      const double end = std::ldexp(1.0, Limits::digits);
      const bool fits = std::trunc(real) == real && real < end && real >= (std::is_signed_v<T> ? -end : 0.0);
      return fits ? std::optional<T>(static_cast<T>(real)) : std::nullopt;
    }
    const auto whole = value.template get<std::int64_t>();
    if (value.is_number_unsigned() || whole >= 0) {
      const auto positive = value.template get<std::uint64_t>();
      return below(positive) ? std::optional<T>(static_cast<T>(positive)) : std::nullopt;
    }
    const bool fits = std::is_signed_v<T> && whole >= static_cast<std::int64_t>(Limits::min());
    return fits ? std::optional<T>(static_cast<T>(whole)) : std::nullopt;
  }
}

/// What nlohmann/json reads as a T: a type it knows, or one with a from_json.
template <class T, class Json>
concept FromJson = std::is_same_v<T, Json> || requires(const Json& json) {
  json.template get<T>();
};

/// Parses text into a T. An exception of nlohmann/json becomes an Error of kind decode that names `what`; an exception
/// from a conversion of the caller becomes one of kind callback.
template <class T, class Json = nlohmann::json>
Result<T> try_parse_as(std::string_view what, std::string_view text) {
  static_assert(FromJson<T, Json>,
                "JSON cannot become this type: give it a from_json(const nlohmann::json&, T&) in its own namespace, or "
                "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE");
  if (nested_too_deep(text)) return Error(ErrorKind::decode, too_deep(what));
  try {
    Json parsed = Json::parse(text.begin(), text.end());
    if constexpr (std::is_same_v<T, Json>) {
      return parsed;
    } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      if (const auto number = fitting_number<T>(parsed)) return *number;
      return Error(ErrorKind::decode, std::string(what) + " is not a number that fits the requested type");
    } else if constexpr (FromJson<T, Json>) {
      return parsed.template get<T>();
    }
  } catch (const nlohmann::json::parse_error& e) {
    return Error(ErrorKind::decode, json_mismatch(what, e.id, e.what(), e.byte));
  } catch (const nlohmann::json::exception& e) {
    return Error(ErrorKind::decode, json_mismatch(what, e.id, e.what(), 0));
  } catch (...) {
    return thrown_by_caller();
  }
}

template <class T, class Json = nlohmann::json>
T parse_as(std::string_view what, std::string_view text) {
  return try_parse_as<T, Json>(what, text).value();
}

template <class Json>
bool nests_deeper(const Json& value, std::size_t most) {
  if (!value.is_structured()) return false;
  return most == 0 ||
         std::any_of(value.begin(), value.end(), [most](const Json& item) { return nests_deeper(item, most - 1); });
}

template <class T>
concept AnyJson = requires(const T& value) {
  value.is_structured();
  value.dump();
};

/// A value of the caller as JSON text. A value that cannot be written is an Error of kind invalid_argument; an
/// exception from a conversion of the caller becomes one of kind callback.
template <class T>
Result<std::string> try_dump(const T& value) {
  static_assert(AnyJson<T> || std::is_constructible_v<nlohmann::json, const T&>,
                "this type cannot become JSON: give it a to_json(nlohmann::json&, const T&) in its own namespace, or "
                "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE");
  try {
    if constexpr (AnyJson<T>) {
      if (nests_deeper(value, limits::json_depth)) return invalid_argument(too_deep("the JSON given"));
      return value.dump();
    } else if constexpr (std::is_constructible_v<nlohmann::json, const T&>) {
      return try_dump(nlohmann::json(value));
    }
  } catch (const nlohmann::json::exception& e) {
    constexpr int not_utf8 = 316;
    if (e.id == not_utf8) return invalid_argument("the JSON given holds text that is not UTF-8");
    return invalid_argument("the value given does not become JSON (nlohmann/json error " + std::to_string(e.id) + ")");
  } catch (...) {
    return thrown_by_caller();
  }
}

/// The same for constructors, which return no Error: a value that cannot be written becomes `not_json` and the reason,
/// and the call that takes this text is refused with that reason. An exception from a conversion of the caller passes
/// through.
template <class T>
std::string dump_or_reason(const T& value) {
  auto text = try_dump(value);
  if (!text && text.error().kind() == ErrorKind::invalid_argument)
    return std::string(not_json) + text.error().details().text;
  return std::move(text).value();
}

}  // namespace detail

template <class T>
T JsonText::as() const {
  if (empty()) throw Error(ErrorKind::decode, "there is no JSON to convert: the text is empty");
  return detail::parse_as<T>("the JSON text", text_);
}

/// JSON given by the caller: `{{"lang", "en"}}`, a json value, or JsonText. Empty means absent. A value that cannot be
/// written as JSON (text that is not UTF-8, deep nesting) is refused by the call that takes it. Use it as Metadata; it
/// is a template only so that compilers check the conversions where they are used.
template <class>
class BasicMetadata : public JsonText {
 public:
  BasicMetadata() = default;
  BasicMetadata(JsonText text) : JsonText(std::move(text)) {}  // NOLINT(*-explicit-*)
  /// Any value nlohmann/json can take.
  template <class J>
  requires(!std::is_base_of_v<JsonText, std::remove_cvref_t<J>> && std::is_constructible_v<nlohmann::json, J>)
      BasicMetadata(J&& value) {  // NOLINT(*-explicit-*)
    text_ = detail::dump_or_reason(value);
  }
  /// Braces, by nlohmann's rule (a list of pairs is an object); one object in braces is that object.
  BasicMetadata(nlohmann::json::initializer_list_t list) {  // NOLINT(*-explicit-*)
    text_ = list.size() == 1 && (*list.begin())->is_object() ? detail::dump_or_reason(**list.begin())
                                                             : detail::dump_or_reason(nlohmann::json(list));
  }
};

}  // namespace cloudflare
