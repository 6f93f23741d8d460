#include "d1/resume.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;

void append(std::string& out, std::string_view name, std::string_view value) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  detail::append_json_string(out, value);
}

void append(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":").append(std::to_string(value));
}

/// Calls `read` for each member of the object `job` of `text`.
template <class Read>
Result<void> read_point(std::string_view text, std::string_view job, Read read) {
  const Error refused = invalid_argument("the point to resume from is not one of an " + std::string(job));
  std::string copy(text);
  bool found = false;
  const auto done = detail::read_json(copy, 0, copy.size(), "the point", [&](json::document& document) {
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      json::value value = field.value();
      if (name != job) continue;
      found = true;
      detail::each_member(value, read);
    }
    return found;
  });
  return done && found ? Result<void>() : Result<void>(refused);
}

std::uint64_t count(json::value value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, detail::integer(value)));
}

}  // namespace

std::string ImportPoint::text() const {
  if (empty()) return {};
  std::string out = "{\"import\":{";
  append(out, "parts", parts);
  if (bytes != 0) append(out, "bytes", bytes);
  if (!md5.empty()) append(out, "md5", md5);
  if (!bookmark.empty()) append(out, "bookmark", bookmark);
  if (next_bytes != 0) append(out, "next_bytes", next_bytes);
  if (!next_md5.empty()) append(out, "next_md5", next_md5);
  return out + "}}";
}

Result<ImportPoint> ImportPoint::parse(std::string_view text) {
  ImportPoint point;
  const auto done = read_point(text, "import", [&](std::string_view name, json::value value) {
    if (name == "parts") point.parts = count(value);
    if (name == "bytes") point.bytes = count(value);
    if (name == "md5") point.md5 = detail::string(value);
    if (name == "bookmark") point.bookmark = detail::string(value);
    if (name == "next_bytes") point.next_bytes = count(value);
    if (name == "next_md5") point.next_md5 = detail::string(value);
  });
  if (!done) return done.error();
  const bool odd = point.empty() || (point.bytes == 0) != (point.parts == 0) || (point.bytes != 0 && point.md5.empty());
  if (odd) return invalid_argument("the point to resume from is not one of an import");
  return point;
}

std::string export_point(std::string_view bookmark) {
  if (bookmark.empty()) return {};
  std::string out = "{\"export\":{";
  append(out, "bookmark", bookmark);
  return out + "}}";
}

Result<std::string> parse_export_point(std::string_view text) {
  std::string bookmark;
  const auto done = read_point(text, "export", [&](std::string_view name, json::value value) {
    if (name == "bookmark") bookmark = detail::string(value);
  });
  if (!done) return done.error();
  return bookmark;
}

Error resumable(const Error& error, std::string point) {
  ErrorDetails d = error.details();
  d.result = std::move(point);
  return Error(std::move(d));
}

}  // namespace cloudflare::ops
