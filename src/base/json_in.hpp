#pragma once

// Reads JSON of replies: simdjson On-Demand over a slice of a reply, without a DOM and without a copy.

#include <simdjson.h>

#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <cloudflare/json_text.hpp>
#include <cloudflare/limits.hpp>
#include <cloudflare/result.hpp>

namespace cloudflare::detail {

namespace json = simdjson::ondemand;

/// A parser of this thread. It keeps its buffers between replies, but not those of a huge one.
class ParserLease {
 public:
  ParserLease() {
    if (auto* kept = idle()) parser_ = std::move(*kept);
    if (!parser_) parser_ = std::make_unique<json::parser>();
  }
  ~ParserLease() {
    constexpr std::size_t kept_bytes = 16ULL << 20;
    if (auto* kept = idle(); kept != nullptr && parser_->capacity() <= kept_bytes) *kept = std::move(parser_);
  }
  ParserLease(const ParserLease&) = delete;
  ParserLease& operator=(const ParserLease&) = delete;
  json::parser& operator*() const noexcept { return *parser_; }

 private:
  // Leased rather than used in place: a callback run while reading may read JSON itself.
  static std::unique_ptr<json::parser>* idle() {
#ifdef __MINGW32__  // it frees the memory of a thread_local object before the destructor runs (GCC bug 80816)
    return nullptr;
#else
    thread_local std::unique_ptr<json::parser> parser;
    return &parser;
#endif
  }
  std::unique_ptr<json::parser> parser_{};
};

/// Opens a document to the question whether simdjson got memory for its strings.
struct StringMemory : json::document {
  [[nodiscard]] static bool is_there(json::document& document) {
    return (document.*&StringMemory::iter).string_buf_loc() != nullptr;
  }
};

/// Indexes a padded text. simdjson 3.0 reports a lack of memory, but for that of strings, which it then writes through
/// a null pointer.
template <class... Text>
[[nodiscard]] json::document indexed(json::parser& parser, const Text&... text) {
  json::document document = parser.iterate(text...);
  if (!StringMemory::is_there(document)) throw std::bad_alloc();
  return document;
}

/// A copy of a text with the room behind it that simdjson wants; a null one, which simdjson makes without memory, is
/// refused.
inline simdjson::padded_string padded(std::string_view text) {
  simdjson::padded_string copy(text);
  if (copy.data() == nullptr && !text.empty()) throw std::bad_alloc();
  return copy;
}

/// The type of a value. simdjson 4 has a type for what is not JSON; earlier versions throw.
inline json::json_type type_of(json::value value) {
  const json::json_type type = value.type();
  switch (type) {
    case json::json_type::array:
    case json::json_type::object:
    case json::json_type::string:
    case json::json_type::number:
    case json::json_type::boolean:
    case json::json_type::null: return type;
    default: throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  }
}

/// The raw text of a value, without white space around it.
inline std::string_view raw_text(json::value value) {
  const auto text = [&]() -> std::string_view {
    switch (type_of(value)) {
      case json::json_type::array: return value.get_array().value().raw_json();
      case json::json_type::object: return value.get_object().value().raw_json();
      default: return value.raw_json_token();
    }
  }();
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

inline JsonText json_text(json::value value) { return JsonText::raw(std::string(raw_text(value))); }

/// A number that may arrive in float form ("1700000000.0"); throws simdjson_error if it is not an integer.
inline std::int64_t integer(json::value value) {
  const json::number number = value.get_number();
  if (!number.is_double())
    return number.is_uint64() ? static_cast<std::int64_t>(number.get_uint64()) : number.get_int64();
  const double real = number.get_double();
  if (!(real >= -9.2e18 && real <= 9.2e18) || real != static_cast<double>(static_cast<std::int64_t>(real)))
    throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  return static_cast<std::int64_t>(real);
}

inline std::string string(json::value value) { return std::string(value.get_string().value()); }
/// The text of a string, or the raw text of any other value.
inline std::string text_of(json::value value) {
  return type_of(value) == json::json_type::string ? string(value) : std::string(raw_text(value));
}

/// Why a JSON text of the caller is invalid, if that was known when it was made.
inline std::optional<Error> check_written(std::string_view what, std::string_view json) {
  if (!json.starts_with(not_json)) return std::nullopt;
  return invalid_argument(std::string(what) + " is " + std::string(json));
}

/// Calls `visit(name, value)` for each member of an object; anything else has no members.
template <class Visit>
void each_member(json::value value, Visit visit) {
  if (type_of(value) != json::json_type::object) return;
  for (auto field : value.get_object()) {
    const std::string_view name = field.unescaped_key();
    visit(name, field.value().value());
  }
}

/// simdjson's index of a slice of `body`, and the parser that owns the index and the strings read from it.
class Parsed {
 public:
  Parsed(std::string& body, std::size_t begin, std::size_t size) {
    if (body.capacity() - body.size() < simdjson::SIMDJSON_PADDING)
      body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    document_ = indexed(*parser_, body.data() + begin, size, body.capacity() - begin);
  }
  [[nodiscard]] json::document& document() noexcept { return document_; }

 private:
  ParserLease parser_{};
  json::document document_{};
};

inline Error cannot_be_read(std::string_view what, const simdjson::simdjson_error& error) {
  return Error(ErrorKind::decode, std::string(what) + " cannot be read: " + error.what());
}
inline Error followed_by_something(std::string_view what) {
  return Error(ErrorKind::decode, std::string(what) + " is followed by something else");
}

/// Parses `text`, a slice of `body`, and hands the document to `read`; what simdjson throws becomes an Error of kind
/// decode that names `what`; an Error of `read` is the result.
template <class Read>
auto read_json(std::string& body, std::size_t begin, std::size_t size, std::string_view what, Read read)
    -> Result<decltype(read(std::declval<json::document&>()))> {
  try {
    Parsed parsed(body, begin, size);
    auto value = read(parsed.document());
    if (parsed.document().current_location().error() != simdjson::OUT_OF_BOUNDS) return followed_by_something(what);
    return value;
  } catch (const simdjson::simdjson_error& error) {
    return cannot_be_read(what, error);
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace cloudflare::detail
