#include "transfer.hpp"

#include <cloudflare/version.hpp>

namespace cloudflare::detail {

namespace {

void redact(std::string& text, const std::vector<std::string>& secrets) {
  constexpr std::string_view mark = "[redacted]";
  for (const std::string& secret : secrets)
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + mark.size()))
      text.replace(at, secret.size(), mark);
}

void redact(std::vector<Message>& messages, const std::vector<std::string>& secrets) {
  for (Message& message : messages) {
    for (std::string* text : {&message.message, &message.documentation_url, &message.source_pointer, &message.meta})
      redact(*text, secrets);
    redact(message.error_chain, secrets);
  }
}

}  // namespace

void Loop::Transfer::address(const Core& core) {
  HttpRequest& http = request.http;
  if (attempt == 0) {
    own_headers = http.headers.size();
    if (request.authenticated) http.url.insert(0, core.options().base_url);
    http.resendable = request.repeat != Repeat::once;
    if (http.sink) http.sink = std::make_shared<TrackedSink>(std::move(http.sink));
  }
  http.headers.reserve(own_headers + 3);
  http.headers.resize(own_headers);
  http.headers.push_back({"User-Agent", core.options().user_agent});
  if (!request.authenticated) {
    // The query of a signed URL is its credential.
    if (const std::size_t query = http.url.find('?'); query != std::string::npos && query + 1 < http.url.size())
      auth = std::make_shared<const AuthHeaders>(AuthHeaders{.secrets = {http.url.substr(query + 1)}});
    return;
  }
  auth = core.auth_headers();
  http.headers.insert(http.headers.end(), auth->headers.begin(), auth->headers.end());
}

bool Loop::Transfer::rewind() {
  if (request.http.body.source() && !request.http.body.source()->rewind()) return false;
  return !request.http.sink || request.http.sink->restart();
}

// One request of SQL has 30 s (Cloudflare docs, "D1 limits"); an import has no such bound.
[[gnu::cold]] void Loop::Transfer::advise(ErrorDetails& d) const {
  constexpr std::uint64_t large = 50'000;
  const std::string_view path = request.operation->path;
  const bool sql = request.operation->name.starts_with("d1.") && (path.ends_with("/raw") || path.ends_with("/query"));
  if (!sql || request.http.body.size().value_or(0) < large) return;
  if (d.kind != ErrorKind::timeout && d.kind != ErrorKind::overloaded) return;
  d.text += d.text.empty() ? "" : "; ";
  d.text += "the request is large: import_sql() takes SQL of any size";
}

[[gnu::cold]] Error Loop::Transfer::explain(const Error& error) const {
  ErrorDetails d = error.details();
  d.operation = request.operation->name;
  d.attempts = attempt;
  d.repeated_unknown = unknown_before;
  advise(d);
  d.outcome_unknown = may_write() && (d.delivery == Delivery::unknown || unknown_before);
  if (auth) {
    for (std::string* text : {&d.text, &d.ray_id, &d.cf_d1}) redact(*text, auth->secrets);
    redact(d.messages, auth->secrets);
  }
  return Error(std::move(d));
}

}  // namespace cloudflare::detail
