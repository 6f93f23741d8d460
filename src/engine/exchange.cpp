#include "engine/exchange.hpp"

#include "base/redact.hpp"
#include "base/wipe.hpp"
#include "engine/endpoint.hpp"

namespace cloudflare::detail {

namespace {

void redact(std::string& text, const std::vector<std::string>& secrets) {
  text = redacted(text, "[redacted]", text.size(),
                  [&](std::size_t at) { return secret_at(std::string_view(text).substr(at), secrets); });
}

void redact(std::vector<Message>& messages, const std::vector<std::string>& secrets) {
  for (Message& message : messages) {
    for (std::string* text : {&message.message, &message.documentation_url, &message.source_pointer, &message.meta})
      redact(*text, secrets);
    redact(message.error_chain, secrets);
  }
}

// The query of a signed URL is a credential.
std::shared_ptr<const CommonHeaders> common_headers_for(const std::string& signed_url, const ClientCore& core) {
  CommonHeaders common{.headers = {core.user_agent()}};
  const std::size_t query = signed_url.find('?');
  if (query != std::string::npos && query + 1 < signed_url.size()) common.secrets = {signed_url.substr(query + 1)};
  return std::make_shared<const CommonHeaders>(std::move(common));
}

}  // namespace

void Loop::Exchange::address(const ClientCore& core) {
  HttpRequest& http = request.http;
  if (attempt == 0) {
    own_headers = http.headers.size();
    if (request.authenticated) http.url.insert(0, core.options().base_url);
    http.resendable = request.repeat != Repeat::once;
    partial = std::dynamic_pointer_cast<PartialSink>(http.sink);
    if (http.sink) http.sink = std::make_shared<TrackedSink>(std::move(http.sink));
  }
  remove_address();
  common = request.authenticated ? core.common_headers() : common_headers_for(http.url, core);
  http.headers.reserve(own_headers + common->headers.size());
  http.headers.insert(http.headers.end(), common->headers.begin(), common->headers.end());
}

void Loop::Exchange::remove_address() noexcept {
  if (!common) return;  // nothing was added
  std::vector<Header>& headers = request.http.headers;
  for (std::size_t i = own_headers; i < headers.size(); ++i) wipe(headers[i].value);
  headers.resize(std::min(own_headers, headers.size()));
}

void Loop::Exchange::hide_secrets(std::string& text) const {
  if (common) redact(text, common->secrets);
}

void Loop::Exchange::hide_secrets(std::vector<Message>& messages) const {
  if (common) redact(messages, common->secrets);
}

void Loop::Exchange::add_rest(Result<HttpResponse>& reply) const {
  if (partial && reply && reply->status >= 200 && reply->status < 300) reply->body = partial->take_rest();
}

bool Loop::Exchange::rewind() {
  if (request.http.body.source() && !request.http.body.source()->rewind()) return false;
  return !request.http.sink || request.http.sink->restart();
}

void Loop::Exchange::advise(ErrorDetails& d) const {
  constexpr std::uint64_t large = 50'000;
  const ReplyRules* rules = request.endpoint->rules;
  if (rules != nullptr && rules->advice != nullptr)
    if (const std::string_view advice = rules->advice(d, request.http.url); !advice.empty())
      d.text.append(d.text.empty() ? "" : "; ").append(advice);
  if (rules == nullptr || rules->advice_if_large.empty() || request.http.body.size().value_or(0) < large) return;
  if (d.kind != ErrorKind::timeout && d.kind != ErrorKind::overloaded) return;
  d.text.append(d.text.empty() ? "" : "; ").append("the request is large: ").append(rules->advice_if_large);
}

Error Loop::Exchange::explain(const Error& error) const {
  ErrorDetails d = error.details();
  d.operation = request.endpoint->name;
  d.attempts = attempt;
  d.repeated_unknown = unknown_before;
  advise(d);
  d.outcome_unknown = may_write() && (d.delivery == Delivery::unknown || unknown_before);
  for (std::string* text : {&d.text, &d.result, &d.ray_id, &d.cf_d1}) hide_secrets(*text);
  hide_secrets(d.messages);
  hide_secrets(d.notes);
  return Error(std::move(d));
}

}  // namespace cloudflare::detail
