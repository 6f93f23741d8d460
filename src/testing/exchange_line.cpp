#include "testing/exchange_line.hpp"

#include <algorithm>
#include <array>

#include "base/encode.hpp"
#include "base/json_in.hpp"
#include "base/redact.hpp"

namespace cloudflare::testing {

namespace {

namespace json = detail::json;

constexpr std::array credential_headers{"Authorization", "X-Auth-Email", "X-Auth-Key", "X-EdgeBase-Service-Key"};

bool has_credential(const HttpRequest& request) {
  return std::any_of(credential_headers.begin(), credential_headers.end(),
                     [&](const char* name) { return find_header(request.headers, name) != nullptr; });
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

void redact(std::string& text, const std::vector<std::string>& secrets) {
  text = detail::redacted(text, "[redacted]", text.size(), [&](std::size_t at) {
    return detail::secret_at(std::string_view(text).substr(at), secrets);
  });
}

// The queries of the URLs that D1 signs for uploads and downloads, and of what looks like one: their signature is a
// credential for an hour.
void remove_signatures(std::string& body) {
  if (body.find_first_not_of(" \t\r\n") == std::string::npos) return;
  const char first = body[body.find_first_not_of(" \t\r\n")];
  if (first != '{' && first != '[') return;
  for (std::size_t at = body.find("\"http"); at != std::string::npos; at = body.find("\"http", at + 1)) {
    const std::size_t end = body.find('"', at + 1), query = body.find('?', at);
    if (end == std::string::npos) return;
    if (query > end) continue;
    const std::string_view before = std::string_view(body).substr(0, at);
    const std::string_view name = before.substr(0, before.find_last_not_of(" :\t\r\n") + 1);
    const std::string_view told = std::string_view(body).substr(query, end - query);
    const bool is_signed = name.ends_with("upload_url\"") || name.ends_with("signed_url\"") ||
                           told.find("ignature") != std::string_view::npos;
    if (is_signed) body.erase(query, end - query);
  }
}

void append_text(std::string& line, std::string_view name, std::string_view text) {
  line.append(",\"").append(name);
  if (detail::is_utf8(text)) {
    line.append("\":");
    detail::append_json_string(line, text);
  } else {
    line.append("_base64\":\"");
    detail::append_base64(line, text);
    line.push_back('"');
  }
}

std::string decoded(json::value value) {
  auto bytes = detail::base64_decoded(value.get_string().value());
  if (!bytes) throw Error(ErrorKind::decode, "a body is not base64");
  return *std::move(bytes);
}

std::optional<ErrorKind> kind_named(std::string_view name) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::callback); ++kind)
    if (to_string(static_cast<ErrorKind>(kind)) == name) return static_cast<ErrorKind>(kind);
  return std::nullopt;
}

Error failure_of(json::value value) {
  ErrorDetails d;
  detail::each_member(value, [&](std::string_view name, json::value member) {
    if (name == "kind") {
      const auto kind = kind_named(member.get_string().value());
      if (!kind) throw Error(ErrorKind::decode, "a failure has no known kind");
      d.kind = *kind;
    } else if (name == "not_sent") {
      d.delivery = member.get_bool() ? Delivery::not_sent : Delivery::unknown;
    } else if (name == "text") {
      d.text = detail::string(member);
    }
  });
  return Error(std::move(d));
}

}  // namespace

RequestKey key_of(const HttpRequest& request) {
  RequestKey key{.method = request.method, .path = request.url, .body = request.body.read_all()};
  const std::size_t scheme = key.path.find("://");
  if (scheme != std::string::npos) key.path.erase(0, std::min(key.path.find('/', scheme + 3), key.path.size()));
  if (!has_credential(request)) key.path.erase(std::min(key.path.find('?'), key.path.size()));
  constexpr std::string_view parameter = "boundary=";
  if (const std::string* type = find_header(request.headers, "Content-Type"))
    if (const std::size_t at = type->find(parameter); at != std::string::npos)
      replace_all(key.body, type->substr(at + parameter.size()), "boundary");
  const std::vector<std::string> secrets = secrets_of(request);
  redact(key.path, secrets);
  redact(key.body, secrets);
  return key;
}

std::vector<std::string> secrets_of(const HttpRequest& request) {
  std::vector<std::string> secrets;
  constexpr std::string_view bearer = "Bearer ";
  for (const char* name : credential_headers)
    if (const std::string* value = find_header(request.headers, name))
      secrets.push_back(value->starts_with(bearer) ? value->substr(bearer.size()) : *value);
  std::erase_if(secrets, [](const std::string& secret) { return secret.empty(); });
  return secrets;
}

void scrub(RecordedExchange& exchange, const std::vector<std::string>& secrets) {
  std::vector<Header>& headers = exchange.reply.headers;
  // The body is written as it was decoded, so what says how it travelled is not true of it.
  constexpr std::array left_out{"Set-Cookie", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection"};
  std::erase_if(headers, [&](const Header& header) {
    return std::any_of(left_out.begin(), left_out.end(),
                       [&](const char* name) { return find_header({header}, name) != nullptr; });
  });
  remove_signatures(exchange.reply.body);
  redact(exchange.reply.body, secrets);
  for (Header& header : headers) redact(header.value, secrets);
}

std::string line_of(const RecordedExchange& exchange) {
  std::string line = "{\"method\":";
  detail::append_json_string(line, exchange.request.method);
  append_text(line, "path", exchange.request.path);
  if (!exchange.request.body.empty()) append_text(line, "request", exchange.request.body);
  if (const auto& failure = exchange.failure) {
    line.append(R"(,"failure":{"kind":")").append(to_string(failure->kind())).append(R"(","not_sent":)");
    line.append(failure->details().delivery == Delivery::not_sent ? "true" : "false");
    append_text(line, "text", failure->details().text);
    return line.append("}}");
  }
  line.append(",\"status\":").append(std::to_string(exchange.reply.status)).append(",\"headers\":[");
  for (const Header& header : exchange.reply.headers) {
    if (!detail::is_utf8(header.name) || !detail::is_utf8(header.value)) continue;
    line.append(line.ends_with('[') ? "[" : ",[");
    detail::append_json_string(line, header.name);
    line.push_back(',');
    detail::append_json_string(line, header.value);
    line.push_back(']');
  }
  line.push_back(']');
  append_text(line, "reply", exchange.reply.body);
  return line.append("}");
}

RecordedExchange exchange_of(std::string line) {
  const std::size_t size = line.size();
  auto read = detail::read_json(line, 0, size, "the line", [](json::document& document) {
    RecordedExchange exchange;
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      json::value value = field.value();
      if (name == "method")
        exchange.request.method = detail::string(value);
      else if (name == "path")
        exchange.request.path = detail::string(value);
      else if (name == "request")
        exchange.request.body = detail::string(value);
      else if (name == "request_base64")
        exchange.request.body = decoded(value);
      else if (name == "status")
        exchange.reply.status = static_cast<int>(detail::integer(value));
      else if (name == "reply")
        exchange.reply.body = detail::string(value);
      else if (name == "reply_base64")
        exchange.reply.body = decoded(value);
      else if (name == "failure")
        exchange.failure = failure_of(value);
      else if (name == "headers")
        for (auto pair : value.get_array()) {
          Header& header = exchange.reply.headers.emplace_back();
          for (auto text : pair.get_array())
            (header.name.empty() ? header.name : header.value) = detail::string(text.value());
        }
    }
    if (exchange.request.method.empty() || exchange.request.path.empty() ||
        (exchange.reply.status == 0 && !exchange.failure))
      throw Error(ErrorKind::decode, "the line lacks method, path or status");
    return exchange;
  });
  return std::move(read).value();
}

}  // namespace cloudflare::testing
