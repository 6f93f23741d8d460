#include "files/state_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/encode.hpp"
#include "base/files.hpp"
#include "base/json_in.hpp"
#include "base/sha256.hpp"

namespace cloudflare::detail {

namespace {

// JSON has no bytes, and a path or a prefix may be any.
constexpr std::string_view as_base64 = "base64:";

void append_text(std::string& json, std::string_view text) {
  if (is_utf8(text) && !text.starts_with(as_base64)) {
    append_json_string(json, text);
    return;
  }
  std::string encoded(as_base64);
  append_base64(encoded, text);
  append_json_string(json, encoded);
}

std::string text_from(std::string text) {
  if (!text.starts_with(as_base64)) return text;
  auto bytes = base64_decoded(std::string_view(text).substr(as_base64.size()));
  return bytes ? std::move(*bytes) : std::move(text);
}

}  // namespace

std::string digest_of(const std::string& path, std::uint64_t size) {
  constexpr std::uint64_t pieces = 256;
  constexpr std::uint64_t piece_bytes = 4096;
  std::ifstream file(path, std::ios::binary);
  std::string sample;
  const auto add = [&](std::uint64_t from, std::uint64_t count) {
    const std::size_t before = sample.size();
    sample.resize(before + count);
    file.seekg(static_cast<std::streamoff>(from));
    file.read(sample.data() + before, static_cast<std::streamsize>(count));
  };
  if (size <= pieces * piece_bytes) {
    add(0, size);
  } else {
    const std::uint64_t step = (size - piece_bytes) / (pieces - 1);
    for (std::uint64_t i = 0; i + 1 < pieces; ++i) add(i * step, piece_bytes);
    add(size - piece_bytes, piece_bytes);
  }
  return file ? sha256_hex(sample) : std::string();
}

Error StateFile::broken(std::string_view why) const {
  return invalid_argument("the state file " + path_ + ' ' + std::string(why) + "; remove it to begin anew");
}

bool StateFile::read() {
  fields_.clear();
  std::ifstream file(path_, std::ios::binary);
  if (!file) return false;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto done = read_json(text, 0, text.size(), "the state", [&](json::document& document) {
    for (auto field : document.get_object()) {
      const std::string name(field.unescaped_key().value());
      json::value value = field.value();
      fields_[name] = value.type() == json::json_type::string ? text_from(string(value)) : std::string(raw_text(value));
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
  std::string json = R"({"job":)";
  append_text(json, job_);
  for (const auto& [name, value] : fields_) {
    if (name == "job") continue;
    append_json_string(json.append(","), name);
    append_text(json.append(":"), value);
  }
  json.append("}\n");
  try {
    ReplacementFile file(path_, ReplacementFile::Access::owner_only);
    file.write(json);
    file.commit();
  } catch (const Error& error) {
    throw Error(ErrorKind::callback, "the state file: " + error.details().text);
  }
}

void StateFile::remove() const {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

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
