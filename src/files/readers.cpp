// Reads pairs and vectors from NDJSON and CSV. The meaning of members and columns is written once for both.

#include <cloudflare/files/readers.hpp>

#include <cloudflare/limits.hpp>

#include <array>
#include <charconv>
#include <utility>

#include "base/encode.hpp"
#include "base/json_in.hpp"
#include "files/text_input.hpp"
#include "vectorize/common.hpp"

namespace cloudflare {

namespace {

namespace json = detail::json;
using std::chrono::seconds;
using std::chrono::sys_seconds;

Error not_a(std::string_view name, std::string_view what) {
  return invalid_argument("\"" + std::string(name) + "\" is not " + std::string(what));
}

struct NestedTooDeep {};

// simdjson checks a value only when it is read, and one broken value would spoil the request for its neighbours.
// `depth` is the level of the value if it is an object or array.
void look_at(json::value value, std::size_t depth = 1) {
  switch (detail::type_of(value)) {
    case json::json_type::object:
      if (depth > limits::json_depth) throw NestedTooDeep();
      for (auto field : value.get_object()) {
        (void)field.unescaped_key().value();
        look_at(field.value(), depth + 1);
      }
      return;
    case json::json_type::array:
      if (depth > limits::json_depth) throw NestedTooDeep();
      for (auto item : value.get_array()) look_at(item.value(), depth + 1);
      return;
    case json::json_type::string: (void)value.get_string().value(); return;
    case json::json_type::number: (void)value.get_double().value(); return;
    case json::json_type::boolean: (void)value.get_bool().value(); return;
    case json::json_type::null:
      if (!value.is_null()) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
      return;
    default: throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  }
}

// Calls `read` with the value in `text`, which must hold nothing else.
template <class Read>
void parse(std::string_view name, std::string text, Read read) {
  const auto done = detail::read_json(text, 0, text.size(), name, [&](json::document& document) {
    read(json::value(document.get_value()));
    return true;
  });
  if (!done) throw done.error();
}

Metadata metadata_from(std::string_view name, std::string text) {
  if (text.find_first_not_of(" \t") == std::string::npos) return {};
  // A bare number or word is metadata too, but simdjson gives no value for a scalar document.
  const std::string boxed = "[" + text + "]";
  std::size_t values = 0;
  try {
    parse(name, boxed, [&](json::value value) {
      for (auto item : value.get_array()) {
        look_at(item.value());
        ++values;
      }
    });
  } catch (const NestedTooDeep&) {
    throw invalid_argument("\"" + std::string(name) + "\" is nested more than " + std::to_string(limits::json_depth) +
                           " deep (limits::json_depth)");
  } catch (const Error&) {
    values = 0;
  }
  if (values != 1) throw not_a(name, "one JSON value");
  return JsonText::raw(std::move(text));
}

std::int64_t integer_from(std::string_view name, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) throw not_a(name, "a whole number");
  return number;
}

std::string text_from(std::string_view name, json::value value) {
  if (value.type() != json::json_type::string) throw not_a(name, "text");
  return detail::string(value);
}

struct EntryFormat {
  using Item = kv::Entry;
  static constexpr std::array<std::string_view, 6> names{"key",      "value", "expiration", "expiration_ttl",
                                                         "metadata", "base64"};
  static constexpr std::size_t required = 2;  // the first of `names`

  static void set(Item& item, std::size_t name, json::value value) {
    if (name >= required && value.is_null()) return;
    switch (name) {
      case 0: item.key = text_from("key", value); return;
      case 1: item.value = text_from("value", value); return;
      case 2:
      case 3:
        if (value.type() != json::json_type::number) throw not_a(names[name], "a whole number");
        return set_time(item, name, detail::integer(value));
      case 4: item.metadata = metadata_from("metadata", std::string(detail::raw_text(value))); return;
      default:
        if (value.type() != json::json_type::boolean) throw not_a("base64", "true or false");
        item.base64 = value.get_bool();
    }
  }
  static void set(Item& item, std::size_t name, std::string& text) {
    if (name >= required && text.empty()) return;
    switch (name) {
      case 0: item.key = std::move(text); return;
      case 1: item.value = std::move(text); return;
      case 2:
      case 3: return set_time(item, name, integer_from(names[name], text));
      case 4: item.metadata = metadata_from("metadata", std::move(text)); return;
      default:
        if (text != "true" && text != "false") throw not_a("base64", "true or false");
        item.base64 = text == "true";
    }
  }
  static void set_time(Item& item, std::size_t name, std::int64_t number) {
    if (name == 2)
      item.expiration = sys_seconds(seconds(number));
    else
      item.ttl = seconds(number);
  }
  static void finish(Item& item) {
    if (!item.base64) return;
    auto bytes = detail::base64_decoded(item.value);
    if (!bytes) throw not_a("value", "base64");
    item.value = std::move(*bytes);
    item.base64 = false;
  }
};

struct VectorFormat {
  using Item = vectorize::Vector;
  static constexpr std::array<std::string_view, 4> names{"id", "values", "namespace", "metadata"};
  static constexpr std::size_t required = 2;

  static void set(Item& item, std::size_t name, json::value value) {
    if (name >= required && value.is_null()) return;
    switch (name) {
      case 0: item.id = text_from("id", value); return;
      case 1:
        if (value.type() != json::json_type::array) throw not_a("values", "an array of numbers");
        return ops::read_floats(item.values, value);
      case 2: item.ns = text_from("namespace", value); return;
      default: item.metadata = metadata_from("metadata", std::string(detail::raw_text(value)));
    }
  }
  static void set(Item& item, std::size_t name, std::string& text) {
    if (name >= required && text.empty()) return;
    switch (name) {
      case 0: item.id = std::move(text); return;
      case 1:
        try {
          return parse("values", std::move(text), [&](json::value value) { ops::read_floats(item.values, value); });
        } catch (const Error&) {
          throw not_a("values", "an array of numbers");
        }
      case 2: item.ns = std::move(text); return;
      default: item.metadata = metadata_from("metadata", std::move(text));
    }
  }
  static void finish(Item&) {}
};

template <class Format>
std::size_t column_of(std::string_view name) {
  for (std::size_t at = 0; at < Format::names.size(); ++at)
    if (Format::names[at] == name) return at;
  std::string known;
  for (const std::string_view each : Format::names) known.append(known.empty() ? "" : ", ").append(each);
  throw invalid_argument("\"" + std::string(name.substr(0, 64)) + "\" is none of " + known);
}

// Records which of a format's names an item or a heading has.
template <class Format>
class Seen {
 public:
  void note(std::size_t name) {
    if (std::exchange(seen_[name], true))
      throw invalid_argument("\"" + std::string(Format::names[name]) + "\" comes twice");
  }
  void require_all() const {
    for (std::size_t at = 0; at < Format::required; ++at)
      if (!seen_[at]) throw invalid_argument("there is no \"" + std::string(Format::names[at]) + "\"");
  }

 private:
  std::array<bool, Format::names.size()> seen_{};
};

template <class Format>
class FileItems : public detail::ItemSource<typename Format::Item> {
 public:
  template <class From>
  FileItems(From& from, const ReadOptions& options) : in_(from, options.max_item_bytes) {
    position_.items = options.from.items;
  }

  [[nodiscard]] FilePosition position() const final { return position_; }

 protected:
  using Item = typename Format::Item;

  // Runs `read` and adds the place in the file to its errors.
  template <class Read>
  void at_its_place(Read read) {
    try {
      read();
    } catch (const Error& error) {
      throw in_.error(error.details().text);
    }
  }
  // Called after an item was read: an unreadable item is not passed.
  void pass(std::uint64_t items) {
    position_ = {.offset = in_.offset(), .lines = in_.lines(), .items = position_.items + items};
  }
  detail::TextInput in_;

 private:
  FilePosition position_{};
};

template <class Format>
class NdjsonSource final : public FileItems<Format> {
  using Base = FileItems<Format>;

 public:
  template <class From>
  NdjsonSource(From& from, const ReadOptions& options) : Base(from, options) {
    this->in_.skip_to(options.from);
    this->pass(0);
  }

  bool next(typename Base::Item& item) override {
    do {
      if (!this->in_.line(line_)) return false;
    } while (line_.find_first_not_of(" \t\r") == std::string::npos);
    item = {};
    this->at_its_place([&] { read(item); });
    this->pass(1);
    return true;
  }

 private:
  void read(typename Base::Item& item) {
    Seen<Format> seen;
    const auto done = detail::read_json(line_, 0, line_.size(), "the line", [&](json::document& document) {
      for (auto field : document.get_object()) {
        const std::string_view member = field.unescaped_key();
        const std::size_t name = column_of<Format>(member);
        seen.note(name);
        Format::set(item, name, field.value());
      }
      return true;
    });
    if (!done) throw done.error();
    seen.require_all();
    Format::finish(item);
  }
  std::string line_{};
};

template <class Format>
class CsvSource final : public FileItems<Format> {
  using Base = FileItems<Format>;

 public:
  template <class From>
  CsvSource(From& from, const ReadOptions& options) : Base(from, options) {
    // One more than the number of names is enough to detect an error.
    if (this->in_.row(fields_, Format::names.size() + 1) != 0) this->at_its_place([&] { read_heading(); });
    this->in_.skip_to(options.from);
    this->pass(0);
  }

  bool next(typename Base::Item& item) override {
    const std::size_t count = this->in_.row(fields_, columns_.size());
    if (count == 0) return false;
    item = {};
    this->at_its_place([&] {
      if (count != columns_.size())
        throw invalid_argument("the row has " + std::to_string(count) + " fields; the first row names " +
                               std::to_string(columns_.size()));
      for (std::size_t at = 0; at < fields_.size(); ++at) Format::set(item, columns_[at], fields_[at]);
      Format::finish(item);
    });
    this->pass(1);
    return true;
  }

 private:
  void read_heading() {
    Seen<Format> seen;
    for (const std::string& name : fields_) {
      columns_.push_back(column_of<Format>(name));
      seen.note(columns_.back());
    }
    seen.require_all();
  }

  std::vector<std::size_t> columns_{};
  std::vector<std::string> fields_{};
};

template <class Format, class From>
std::unique_ptr<detail::ItemSource<typename Format::Item>> open(bool csv, From& from, const ReadOptions& options) {
  if (csv) return std::make_unique<CsvSource<Format>>(from, options);
  return std::make_unique<NdjsonSource<Format>>(from, options);
}

}  // namespace

namespace detail {

std::unique_ptr<ItemSource<kv::Entry>> open_entries(bool csv, const std::string& path, const ReadOptions& options) {
  return open<EntryFormat>(csv, path, options);
}
std::unique_ptr<ItemSource<vectorize::Vector>> open_vectors(bool csv, const std::string& path,
                                                            const ReadOptions& options) {
  return open<VectorFormat>(csv, path, options);
}

}  // namespace detail

namespace kv {

EntryFile read_ndjson(const std::string& path, const ReadOptions& options) {
  return EntryFile(detail::open_entries(false, path, options));
}
EntryFile read_ndjson(std::istream& in, const ReadOptions& options) {
  return EntryFile(open<EntryFormat>(false, in, options));
}
EntryFile read_csv(const std::string& path, const ReadOptions& options) {
  return EntryFile(detail::open_entries(true, path, options));
}
EntryFile read_csv(std::istream& in, const ReadOptions& options) {
  return EntryFile(open<EntryFormat>(true, in, options));
}

}  // namespace kv

namespace vectorize {

VectorFile read_ndjson(const std::string& path, const ReadOptions& options) {
  return VectorFile(detail::open_vectors(false, path, options));
}
VectorFile read_ndjson(std::istream& in, const ReadOptions& options) {
  return VectorFile(open<VectorFormat>(false, in, options));
}
VectorFile read_csv(const std::string& path, const ReadOptions& options) {
  return VectorFile(detail::open_vectors(true, path, options));
}
VectorFile read_csv(std::istream& in, const ReadOptions& options) {
  return VectorFile(open<VectorFormat>(true, in, options));
}

}  // namespace vectorize

}  // namespace cloudflare
