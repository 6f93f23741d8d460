#include "local/http/request.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>

#include "base/encode.hpp"
#include "local/storage/call_limits.hpp"

namespace cloudflare::local {

namespace {

std::string decoded(std::string_view text) {
  const auto is_plain = [](char c) { return c != '%' && static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  std::optional<std::string> out = cloudflare::detail::percent_decoded(text);
  if (!out || !cloudflare::detail::is_utf8(*out))
    throw ApiError{.status = 400, .code = 10011, .message = "the path holds an escape that is no UTF-8"};
  return *std::move(out);
}

// Calls `each` with the pieces of `text` between the separators; an empty text is one empty piece.
template <class Each>
void split(std::string_view text, char separator, Each each) {
  for (;;) {
    const std::size_t end = text.find(separator);
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Reply envelope(int status, std::string body) {
  return {.status = status, .headers = {{"content-type", "application/json"}}, .body = std::move(body)};
}

}  // namespace

Request::Request(const HttpRequest& http) : http_(http) {
  std::string_view rest = http.url;
  rest = rest.substr(0, rest.find('#'));
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    const std::size_t authority = std::min(rest.find_first_of("/?", scheme + 3), rest.size());
    origin_ = rest.substr(0, authority);
    rest.remove_prefix(authority);
  }
  const std::size_t question = rest.find('?');
  path_ = rest.substr(0, question);
  segments_.reserve(10);  // as many as the longest routes have
  split(std::string_view(path_).substr(path_.starts_with('/') ? 1 : 0), '/',
        [this](std::string_view segment) { segments_.push_back(decoded(segment)); });
  if (question == std::string_view::npos) return;
  split(rest.substr(question + 1), '&', [this](std::string_view pair) {
    if (pair.empty()) return;
    std::string text(pair);
    std::replace(text.begin(), text.end(), '+', ' ');
    const std::size_t equals = std::min(text.find('='), text.size());
    query_.emplace_back(decoded(std::string_view(text).substr(0, equals)),
                        decoded(std::string_view(text).substr(std::min(equals + 1, text.size()))));
  });
}

const std::string* Request::query(std::string_view name) const noexcept {
  const auto it = std::find_if(query_.begin(), query_.end(), [name](const auto& pair) { return pair.first == name; });
  return it == query_.end() ? nullptr : &it->second;
}

std::string_view Request::header(std::string_view name) const noexcept {
  const std::string* value = find_header(http_.headers, name);
  return value == nullptr ? std::string_view() : *value;
}

std::optional<std::string_view> Request::body(std::size_t limit) {
  const auto& source = http_.body.source();
  if (!source) {
    if (http_.body.text().size() > limit) return std::nullopt;
    return http_.body.text();
  }
  const auto size = source->size();
  if (size && *size > limit) return std::nullopt;
  constexpr std::size_t piece = 64UL * 1024;
  std::size_t used = 0;
  body_.resize(size ? static_cast<std::size_t>(*size) + 1 : piece);
  for (;;) {
    const std::size_t n = source->read(std::span(body_).subspan(used));
    if (n == 0) break;
    CallLimits::current().check();
    used += n;
    if (used > limit) return std::nullopt;
    if (used == body_.size()) body_.resize(used * 2);
  }
  return std::string_view(body_).substr(0, used);
}

void Request::stream_body(const std::function<void(std::string_view)>& take) const {
  const auto& source = http_.body.source();
  if (!source) {
    take(http_.body.text());
    return;
  }
  std::array<char, 65'536> piece{};
  while (const std::size_t n = source->read(piece)) {
    CallLimits::current().check();
    take(std::string_view(piece.data(), n));
  }
}

Reply ok(std::string_view result, const Success& success) {
  std::string body;
  body.reserve(result.size() + success.result_info.size() + 96);
  body.append(R"({"result":)").append(result).append(R"(,"success":true,"errors":[],"messages":)");
  body.append(success.messages);
  if (!success.result_info.empty()) body.append(R"(,"result_info":)").append(success.result_info);
  body += '}';
  return envelope(success.status, std::move(body));
}

Reply to_reply(const ApiError& error) {
  ObjectWriter first;
  first.number("code", error.code).text("message", error.message);
  std::string errors = "[" + std::move(first).take();
  if (!error.more.empty()) errors.insert(errors.size() - 1, "," + error.more);
  if (error.second) {
    ObjectWriter second;
    second.number("code", error.second->first).text("message", error.second->second);
    errors += "," + std::move(second).take();
  }
  errors += ']';
  ObjectWriter body;
  body.boolean("success", false).raw("errors", errors);
  if (!error.bare) body.raw("messages", "[]").raw("result", "null");
  Reply reply = envelope(error.status, std::move(body).take());
  if (error.retry_after) reply.headers.push_back({"retry-after", std::to_string(*error.retry_after)});
  return reply;
}

ApiError unroutable(const Request& request) {
  return {.status = 404,
          .code = 7003,
          .message = "Could not route to " + request.path() + ", perhaps your object identifier is invalid?",
          .second = std::pair(7000, std::string("No route for that URI"))};
}

ApiError method_not_allowed(const Request& request) {
  return {.status = 405, .code = 10405, .message = "Method " + request.method() + " not available for that URI."};
}

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t whole_number(const Request& request, std::string_view name, std::int64_t min, std::int64_t max,
                          std::int64_t fallback, ApiError (*refuse)(std::string)) {
  const std::string* text = request.query(name);
  if (text == nullptr) return fallback;
  const auto value = parse_integer(*text);
  if (value && *value >= min && *value <= max) return *value;
  const std::string range = max == std::numeric_limits<std::int64_t>::max()
                                ? "of at least " + std::to_string(min)
                                : "from " + std::to_string(min) + " to " + std::to_string(max);
  throw refuse(std::string(name) + " must be a number " + range + ", not " + *text);
}

std::string random_hex(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
    throw std::runtime_error("no random bytes could be generated");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char byte : bytes) {
    out += digits[static_cast<unsigned char>(byte) >> 4U];
    out += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return out;
}

std::string random_uuid() {
  std::string hex = random_hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, 1, '-');
  return hex;
}

}  // namespace cloudflare::local
