#include <cloudflare/error.hpp>
#include <cloudflare/result.hpp>

#include <algorithm>

namespace cloudflare {

namespace {

// Keeps a message on one line: control characters of a server's text would break logs.
void append_line(std::string& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
}

bool carries(const std::vector<Message>& messages, int code) noexcept {
  return std::any_of(messages.begin(), messages.end(),
                     [code](const Message& m) { return m.code == code || carries(m.error_chain, code); });
}

std::string describe(const ErrorDetails& d) {
  std::string line;
  if (!d.operation.empty()) line.append(d.operation).append(": ");
  line.append(to_string(d.kind));
  if (d.http_status != 0) line.append(" (HTTP ").append(std::to_string(d.http_status)).append(")");
  if (!d.messages.empty()) {
    line.append(": ").append(std::to_string(d.messages.front().code)).append(" ");
    append_line(line, d.messages.front().message);
    if (const std::string& page = d.messages.front().documentation_url; !page.empty())
      append_line(line.append(" (see "), page + ")");
  }
  if (!d.text.empty()) {
    line.append(d.messages.empty() ? ": " : " - ");
    append_line(line, d.text);
  }
  if (d.outcome_unknown) line.append("; outcome unknown");
  if (!d.ray_id.empty()) append_line(line.append(" [ray "), d.ray_id + "]");
  return line;
}

}  // namespace

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid_argument: return "invalid_argument";
    case ErrorKind::unauthorized: return "unauthorized";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::rejected: return "rejected";
    case ErrorKind::rate_limited: return "rate_limited";
    case ErrorKind::quota_exceeded: return "quota_exceeded";
    case ErrorKind::overloaded: return "overloaded";
    case ErrorKind::challenge: return "challenge";
    case ErrorKind::server: return "server";
    case ErrorKind::stub: return "stub";
    case ErrorKind::decode: return "decode";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::tls: return "tls";
    case ErrorKind::transport: return "transport";
    case ErrorKind::callback: return "callback";
  }
  return "unknown";
}

struct Error::State {
  ErrorDetails details;
  std::string line;
};

Error::Error(ErrorDetails details) {
  std::string line = describe(details);
  state_ = std::make_shared<const State>(State{std::move(details), std::move(line)});
}

Error::Error(ErrorKind kind, std::string text)
    : Error(ErrorDetails{.kind = kind,
                         .text = std::move(text),
                         .delivery = kind == ErrorKind::invalid_argument ? Delivery::not_sent : Delivery::answered}) {}

const char* Error::what() const noexcept { return state_->line.c_str(); }
ErrorKind Error::kind() const noexcept { return state_->details.kind; }
int Error::http_status() const noexcept { return state_->details.http_status; }
const std::vector<Message>& Error::messages() const noexcept { return state_->details.messages; }
const std::vector<Message>& Error::notes() const noexcept { return state_->details.notes; }
const std::string& Error::result() const noexcept { return state_->details.result; }
ErrorCode Error::code() const noexcept {
  return messages().empty() ? ErrorCode::none : static_cast<ErrorCode>(messages().front().code);
}
bool Error::has(ErrorCode code) const noexcept { return carries(messages(), static_cast<int>(code)); }
const std::string& Error::operation() const noexcept { return state_->details.operation; }
const std::string& Error::ray_id() const noexcept { return state_->details.ray_id; }
const std::string& Error::cf_d1() const noexcept { return state_->details.cf_d1; }
int Error::attempts() const noexcept { return state_->details.attempts; }
std::optional<std::chrono::seconds> Error::retry_after() const noexcept { return state_->details.retry_after; }
bool Error::outcome_unknown() const noexcept { return state_->details.outcome_unknown; }
std::exception_ptr Error::cause() const noexcept { return state_->details.cause; }
const ErrorDetails& Error::details() const noexcept { return state_->details; }

Error invalid_argument(std::string text) { return Error(ErrorKind::invalid_argument, std::move(text)); }

Error detail::thrown_by_caller() {
  ErrorDetails d;
  try {
    throw;
  } catch (const Error& error) {
    d = error.details();
  } catch (...) {
    d = {.kind = ErrorKind::callback, .text = "a callback of the caller threw"};
  }
  if (!d.cause) d.cause = std::current_exception();
  return Error(std::move(d));
}

void detail::raise(const Error& error) {
  if (error.cause()) std::rethrow_exception(error.cause());
  throw Error(error);
}

}  // namespace cloudflare
