#pragma once

// Metadata filters of Vectorize queries: field("year") >= 2020 && field("genre").in({"a", "b"}).

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/json.hpp>

namespace cloudflare {

namespace vectorize {

struct MetadataIndex;

/// A string, number, boolean or null to compare with.
class CLOUDFLARE_API FilterValue {
 public:
  template <std::same_as<bool> B>
  FilterValue(B value) : json_(value ? "true" : "false") {}  // NOLINT(*-explicit-*)
  template <std::integral I>
  requires(!std::same_as<I, bool>) FilterValue(I value) : json_(std::to_string(value)) {}  // NOLINT(*-explicit-*)
  FilterValue(char) = delete;
  FilterValue(double value);                                                       // NOLINT(*-explicit-*)
  FilterValue(std::string_view value);                                             // NOLINT(*-explicit-*)
  FilterValue(const char* value) : FilterValue(std::string_view(value)) {}         // NOLINT(*-explicit-*)
  FilterValue(const std::string& value) : FilterValue(std::string_view(value)) {}  // NOLINT(*-explicit-*)
  FilterValue(std::nullptr_t) : json_("null") {}                                   // NOLINT(*-explicit-*)

  /// The value as JSON. NaN and infinity are not JSON, and a query that holds one is refused.
  [[nodiscard]] const std::string& text() const noexcept { return json_; }

 private:
  std::string json_;
};

/// Conditions on metadata that must all hold; there is no "or". Checked when the query is made: keys not empty, at most
/// 512 characters, without quotation marks and vertical bars, not beginning with `$`; one operator to a property, or
/// one lower and one upper bound; compact JSON under 2048 bytes (Cloudflare docs, "Metadata filtering"). Even without
/// checks of limits it must be one JSON object in UTF-8, at most limits::json_depth deep.
class CLOUDFLARE_API Filter {
 public:
  /// No condition: every vector matches.
  Filter() = default;
  /// A filter in the API's own language, checked as well and sent as given.
  Filter(const JsonText& object) : raw_(object.text()) {}  // NOLINT(*-explicit-*)
  template <class Json>                                    // a template: compiled only where it is used
  requires(std::is_same_v<Json, nlohmann::json>) Filter(const Json& value)
      : raw_(detail::dump_or_reason(value)) {}  // NOLINT(*-explicit-*)
  Filter(std::string_view key, std::string_view op, const std::string& value_json);

  [[nodiscard]] bool empty() const noexcept { return conditions_.empty() && raw_.empty(); }
  /// The filter as JSON text; empty if there is no condition.
  [[nodiscard]] std::string text() const;

  /// Both must hold. Filters in the API's own language cannot be combined.
  [[nodiscard]] Filter operator&&(const Filter& other) const;

 private:
  struct Condition {
    std::string key{};
    std::string op{};
    std::string value{};
  };
  std::vector<Condition> conditions_{};
  std::string raw_{};
};

/// A metadata property in a condition.
class CLOUDFLARE_API Field {
 public:
  explicit Field(std::string name) : name_(std::move(name)) {}

  /// The property has one of these values.
  [[nodiscard]] Filter in(std::initializer_list<FilterValue> values) const;
  [[nodiscard]] Filter in(std::span<const FilterValue> values) const;
  /// The property has none of these values.
  [[nodiscard]] Filter not_in(std::initializer_list<FilterValue> values) const;
  [[nodiscard]] Filter not_in(std::span<const FilterValue> values) const;

  friend Filter operator==(const Field& f, const FilterValue& v) { return {f.name_, "$eq", v.text()}; }
  friend Filter operator!=(const Field& f, const FilterValue& v) { return {f.name_, "$ne", v.text()}; }
  friend Filter operator<(const Field& f, const FilterValue& v) { return {f.name_, "$lt", v.text()}; }
  friend Filter operator<=(const Field& f, const FilterValue& v) { return {f.name_, "$lte", v.text()}; }
  friend Filter operator>(const Field& f, const FilterValue& v) { return {f.name_, "$gt", v.text()}; }
  friend Filter operator>=(const Field& f, const FilterValue& v) { return {f.name_, "$gte", v.text()}; }

 private:
  std::string name_;
};

}  // namespace vectorize

/// The metadata property `name`; dots reach into nested objects ("author.name").
[[nodiscard]] inline vectorize::Field field(std::string name) { return vectorize::Field(std::move(name)); }

}  // namespace cloudflare
