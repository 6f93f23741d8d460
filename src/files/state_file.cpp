#include "files/state_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/encode.hpp"
#include "base/files.hpp"
#include "base/fresh_file.hpp"
#include "base/json_in.hpp"

namespace cloudflare::detail {

namespace {

// Text, or {"base64":"…"} if it is not UTF-8: a path may have any bytes.
std::string read_field(json::value value) {
  if (value.type() == json::json_type::string) return string(value);
  if (value.type() != json::json_type::object) return std::string(raw_text(value));
  auto bytes = base64_decoded(value.get_object()["base64"].get_string().value());
  if (!bytes) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  return std::move(*bytes);
}

void append_field(std::string& json, std::string_view name, std::string_view value) {
  append_json_string(json, name);
  json.push_back(':');
  if (is_utf8(value)) {
    append_json_string(json, value);
    return;
  }
  json.append(R"({"base64":")");
  append_base64(json, value);
  json.append("\"}");
}

}  // namespace

Error StateFile::broken(std::string_view why) const {
  return invalid_argument("the state file " + path_ + ' ' + std::string(why) + "; remove it to begin anew");
}

Error StateFile::of_another_file(const std::string& path) const {
  return invalid_argument("the file " + path +
                          " is not the one that its state file is about: it has changed since, or "
                          "is another; remove " +
                          path_ + " to begin anew");
}

bool StateFile::read() {
  fields_.clear();
  auto text = files::read_all(path_);
  if (!text && errno == ENOENT) return false;
  if (!text) throw broken(std::string("cannot be read: ") + detail::files::reason());
  const auto done = read_json(*text, 0, text->size(), "the state", [&](json::document& document) {
    for (auto field : document.get_object()) {
      const std::string name(field.unescaped_key().value());
      fields_[name] = read_field(field.value());
    }
    return true;
  });
  if (!done) throw broken("cannot be read");
  if (this->text("job") != job_) throw broken("is of another job, \"" + this->text("job") + "\", not \"" + job_ + '"');
  return true;
}

std::string StateFile::text(const std::string& name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? std::string() : found->second;
}

std::uint64_t StateFile::number(const std::string& name) const {
  const std::string digits = text(name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) throw broken("has no number \"" + name + '"');
  return number;
}

void StateFile::write() const {
  std::string json = "{";
  append_field(json, "job", job_);
  for (const auto& [name, value] : fields_)
    if (name != "job") append_field(json.append(","), name, value);
  json.append("}\n");
  FreshFile file;
  if (!file.create(path_, 0600) || !file.write(json) || !file.commit())
    throw Error(ErrorKind::callback, "the state file " + path_ + " cannot be written: " + detail::files::reason());
}

void StateFile::remove() const { files::remove(path_); }

bool NumberSet::parse(std::string_view text) {
  ranges_.clear();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    Range range;
    auto read = std::from_chars(at, end, range.first);
    if (read.ec != std::errc()) return false;
    range.last = range.first;
    if (read.ptr != end && *read.ptr == '-') {
      read = std::from_chars(read.ptr + 1, end, range.last);
      if (read.ec != std::errc()) return false;
    }
    if (range.last < range.first || (!ranges_.empty() && range.first <= ranges_.back().last)) return false;
    ranges_.push_back(range);
    at = read.ptr;
    if (at != end && (*at++ != ',' || at == end)) return false;
  }
  return true;
}

std::string NumberSet::text() const {
  std::string text;
  for (const Range& range : ranges_) {
    if (!text.empty()) text.push_back(',');
    text.append(std::to_string(range.first));
    if (range.last != range.first) text.append("-").append(std::to_string(range.last));
  }
  return text;
}

void NumberSet::append(std::uint64_t number) {
  if (!ranges_.empty() && ranges_.back().last + 1 == number)
    ranges_.back().last = number;
  else
    ranges_.push_back({number, number});
}

void NumberSet::append(const NumberSet& above) {
  ranges_.insert(ranges_.end(), above.ranges_.begin(), above.ranges_.end());
}

void NumberSet::remove(std::uint64_t number) {
  if (!contains(number)) return;
  NumberSet rest = below(number);
  rest.append(from(number + 1));
  *this = std::move(rest);
}

bool NumberSet::contains(std::uint64_t number) const {
  const auto range = std::lower_bound(ranges_.begin(), ranges_.end(), number,
                                      [](const Range& r, std::uint64_t n) { return r.last < n; });
  return range != ranges_.end() && range->first <= number;
}

std::uint64_t NumberSet::count() const {
  std::uint64_t count = 0;
  for (const Range& range : ranges_) count += range.last - range.first + 1;
  return count;
}

NumberSet NumberSet::from(std::uint64_t number) const {
  NumberSet rest;
  for (const Range& range : ranges_)
    if (range.last >= number) rest.ranges_.push_back({std::max(range.first, number), range.last});
  return rest;
}

NumberSet NumberSet::below(std::uint64_t number) const {
  NumberSet rest;
  for (const Range& range : ranges_)
    if (range.first < number) rest.ranges_.push_back({range.first, std::min(range.last, number - 1)});
  return rest;
}

}  // namespace cloudflare::detail
