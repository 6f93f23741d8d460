#include "engine/judge.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <cloudflare/clock.hpp>

#include "base/json_in.hpp"
#include "engine/endpoint.hpp"
#include "engine/problem.hpp"
#include "engine/retry.hpp"

namespace cloudflare::detail {

namespace {

Message read_message(json::value value, std::size_t depth);

// `depth` is the level of the list; the envelope is level 1.
std::vector<Message> read_messages(json::value value, std::size_t depth = 2) {
  if (depth >= limits::json_depth) throw Error(ErrorKind::decode, too_deep("the reply"));
  std::vector<Message> messages;
  if (value.type() == json::json_type::array)
    for (auto item : value.get_array()) messages.push_back(read_message(item.value(), depth + 1));
  return messages;
}

// A code is a number; a few endpoints send it as text.
int read_code(json::value value) {
  if (value.type() == json::json_type::number) return static_cast<int>(integer(value));
  int code = 0;
  if (value.type() == json::json_type::string) {
    const std::string_view text = value.get_string();
    std::from_chars(text.data(), text.data() + text.size(), code);
  }
  return code;
}

Message read_message(json::value value, std::size_t depth) {
  Message message;
  if (value.type() != json::json_type::object) {
    message.message = text_of(value);
    return message;
  }
  each_member(value, [&](std::string_view name, json::value member) {
    if (name == "code")
      message.code = read_code(member);
    else if (name == "message")
      message.message = text_of(member);
    else if (name == "documentation_url")
      message.documentation_url = text_of(member);
    else if (name == "error_chain")
      message.error_chain = read_messages(member, depth + 1);
    else if (name == "meta")
      message.meta = std::string(raw_text(member));
    else if (name == "source")
      each_member(member, [&](std::string_view part, json::value pointer) {
        if (part == "pointer") message.source_pointer = text_of(pointer);
      });
  });
  return message;
}

// The codes of throttling, valid with any HTTP status. Sources of codes: Cloudflare API reference and the
// public threads named in docs/errors.md.
std::optional<ErrorKind> kind_of_throttle(int code) {
  switch (static_cast<ErrorCode>(code)) {
    case ErrorCode::rate_limited:
    case ErrorCode::throttled:
    case ErrorCode::vectorize_throttled: return ErrorKind::rate_limited;
    case ErrorCode::workers_ai_daily_quota:
    case ErrorCode::kv_daily_quota: return ErrorKind::quota_exceeded;
    case ErrorCode::d1_overloaded: return ErrorKind::overloaded;
    default: return std::nullopt;
  }
}

// Codes that decide the kind of error when the HTTP status is below 500.
ErrorKind kind_of_code(int code, ErrorKind otherwise) {
  switch (static_cast<ErrorCode>(code)) {
    case ErrorCode::invalid_api_token:
    case ErrorCode::malformed_credentials:
    case ErrorCode::invalid_key_or_email:
    case ErrorCode::authentication_failed:
    case ErrorCode::unauthorized_token:
    case ErrorCode::authentication_error:
    case ErrorCode::d1_not_authorized: return ErrorKind::unauthorized;
    case ErrorCode::kv_key_not_found:
    case ErrorCode::kv_namespace_not_found:
    case ErrorCode::d1_database_not_found:
    case ErrorCode::vectorize_index_not_found:
    case ErrorCode::vectorize_index_deleted:
    case ErrorCode::workers_ai_no_model:
    case ErrorCode::no_route:
    case ErrorCode::invalid_object_identifier: return ErrorKind::not_found;
    case ErrorCode::kv_title_taken:
    case ErrorCode::d1_name_taken:
    case ErrorCode::vectorize_index_duplicate_name: return ErrorKind::conflict;
    default: return otherwise;
  }
}

ErrorKind kind_of_status(int status) {
  if (status == 401 || status == 403) return ErrorKind::unauthorized;
  if (status == 404) return ErrorKind::not_found;
  if (status == 409) return ErrorKind::conflict;
  if (status == 429) return ErrorKind::rate_limited;
  if (status >= 500) return ErrorKind::server;
  return ErrorKind::rejected;
}

Meaning meaning_of(const Endpoint& endpoint, int status, const std::vector<Message>& errors) {
  const ErrorKind kind = kind_of_status(status);
  const bool has_rule = endpoint.rules != nullptr && endpoint.rules->meaning != nullptr;
  for (const Message& message : errors) {
    if (const auto meaning = has_rule ? endpoint.rules->meaning(message.message) : std::nullopt) return *meaning;
    if (const auto throttle = kind_of_throttle(message.code)) return {.kind = *throttle};
  }
  if (kind == ErrorKind::server || kind == ErrorKind::rate_limited) return {.kind = kind};
  for (const Message& message : errors) {
    const ErrorKind by_code = kind_of_code(message.code, kind);
    if (by_code != kind) return {.kind = by_code};
  }
  return {.kind = kind};
}

// The first words of a page or text, without tags. Truncated JSON may hold keys and values, so none of it is shown.
// Only whole words are shown: half a credential would escape redaction.
std::string excerpt(std::string_view body, std::size_t most) {
  if (body.starts_with('{') || body.starts_with('[')) return {};
  std::string words;
  std::size_t whole = 0;  // bytes of `words` up to its last blank
  bool in_tag = false;
  for (const char c : body.substr(0, 4096)) {
    if (c == '<') in_tag = true;
    const bool blank = in_tag || static_cast<unsigned char>(c) <= 0x20;
    if (c == '>') in_tag = false;
    if (blank) whole = words.size();
    if (!blank)
      words.push_back(c);
    else if (!words.empty() && words.back() != ' ')
      words.push_back(' ');
    if (words.size() > most) break;
  }
  if (words.size() > most || body.size() > 4096) words.resize(whole);
  return words;
}

std::string header_or_empty(const HttpResponse& response, std::string_view name) {
  const std::string* value = find_header(response.headers, name);
  return value != nullptr ? *value : std::string();
}

// Whether a request with this reply may have been executed.
bool executed_perhaps(int status) { return (status >= 500 && !is_permanent(status)) || status == 408; }

Error refusal(const Endpoint& endpoint, const HttpResponse& response, std::vector<Message> errors, std::string text) {
  ErrorDetails d;
  const Meaning meaning = meaning_of(endpoint, response.status, errors);
  d.kind = meaning.kind;
  d.messages = std::move(errors);
  d.text = std::move(text);
  const bool unknown = executed_perhaps(response.status) && d.kind != ErrorKind::rate_limited;
  d.delivery = meaning.delivery.value_or(unknown ? Delivery::unknown : Delivery::answered);
  return Error(std::move(d));
}

// The error of a problem. Its codes are those of error pages, among which 1000 has another meaning than in an envelope,
// so they decide nothing.
Error refusal(const Endpoint& endpoint, const HttpResponse& response, Problem&& problem) {
  ErrorDetails d = refusal(endpoint, response, {}, {}).details();
  d.messages.push_back(std::move(problem.message));
  d.retryable = problem.retryable;
  d.retry_after = problem.retry_after;
  d.ray_id = std::move(problem.ray_id);
  return Error(std::move(d));
}

// The error of an envelope that is a refusal, or of a problem in its place.
Error refusal(const Endpoint& endpoint, HttpResponse& response, Envelope&& envelope) {
  if (response.status >= 400 && !envelope.has_success && envelope.errors.empty())
    if (auto problem = read_problem(response.body)) return refusal(endpoint, response, *std::move(problem));
  ErrorDetails d = refusal(endpoint, response, std::move(envelope.errors), {}).details();
  d.notes = std::move(envelope.messages);
  d.result = response.body.substr(envelope.result_begin, envelope.result_size);
  if (d.result == "null") d.result.clear();
  return Error(std::move(d));
}

// A body that should be JSON but is not.
Error misread(const Endpoint& endpoint, const HttpResponse& response, std::string why) {
  if (response.status >= 300) {
    const std::string words = excerpt(response.body, 80);
    return refusal(endpoint, response, {}, words.empty() ? why : "the reply is not JSON: \"" + words + "\"");
  }
  ErrorDetails d;
  d.kind = ErrorKind::decode;
  d.text = std::move(why);
  if (const std::string words = excerpt(response.body, 40); !words.empty())
    d.text += "; it begins with \"" + words + "\"";
  d.delivery = Delivery::unknown;
  return Error(std::move(d));
}

Error redirected(const Endpoint& endpoint, const HttpResponse& response) {
  return refusal(endpoint, response, {}, "the server redirects; redirects are not followed");
}

Error challenged() {
  return Error(ErrorDetails{.kind = ErrorKind::challenge,
                            .text = "a web application firewall asked for a challenge instead of answering"});
}

ErrorDetails with_head(const Error& error, const HttpResponse& response) {
  ErrorDetails d = error.details();
  d.http_status = response.status;
  if (const std::string* ray = find_header(response.headers, "cf-ray")) d.ray_id = *ray;
  d.cf_d1 = header_or_empty(response, "cf-d1");
  return d;
}

Error with_reply(const Error& error, const HttpResponse& response, const Clock& clock) {
  ErrorDetails d = with_head(error, response);
  if (const auto asked = parse_retry_after(response.headers, clock.wall())) d.retry_after = asked;
  return Error(std::move(d));
}

// Whether the text, if it is JSON, is the envelope of a success without messages. No JSON string can contain these
// endings, since its quotes would be escaped. This spares large replies a first pass over all of `result`.
bool ends_as_success(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return text.ends_with(R"(],"success":true,"errors":[],"messages":[]})") ||
         text.ends_with(R"(],"errors":[],"messages":[],"success":true})");
}

Result<Reply> judge_envelope(const Endpoint& endpoint, HttpResponse&& response, std::vector<Message>& messages) {
  const bool ok_status = response.status >= 200 && response.status < 300;
  if (response.status == 204 || response.status == 205) return Reply{.http = std::move(response)};
  if (response.status >= 300 && response.status < 400) return redirected(endpoint, response);
  if (response.body.empty()) return misread(endpoint, response, "the reply is empty");
  if (endpoint.form == Form::rows && ok_status && ends_as_success(response.body)) {
    const std::size_t size = response.body.size();
    return Reply{.http = std::move(response), .result_size = size};
  }
  auto envelope = read_envelope(response.body);
  if (!envelope) return misread(endpoint, response, envelope.error().details().text);
  if (!envelope->has_success && ok_status) return misread(endpoint, response, "the reply has no `success`");
  if (!ok_status || !envelope->success) return refusal(endpoint, response, std::move(*envelope));
  messages = std::move(envelope->messages);
  return Reply{.http = std::move(response),
               .result_begin = envelope->result_begin,
               .result_size = envelope->result_size,
               .info_begin = envelope->info_begin,
               .info_size = envelope->info_size};
}

// The status decides. EdgeBase sends a success without an envelope, and an error as {code, message}; the code is the
// HTTP status.
Result<Reply> judge_bare(const Endpoint& endpoint, HttpResponse&& response) {
  if (response.status >= 300 && response.status < 400) return redirected(endpoint, response);
  if (response.body.empty()) return misread(endpoint, response, "the reply is empty");
  if (response.status >= 200 && response.status < 300) {
    if (endpoint.rules != nullptr && endpoint.rules->error_in_success != nullptr)
      if (auto error = endpoint.rules->error_in_success(response.body)) return std::move(*error);
    const std::size_t size = response.body.size();
    return Reply{.http = std::move(response), .result_size = size};
  }
  auto envelope = read_envelope(response.body);
  if (!envelope) return misread(endpoint, response, envelope.error().details().text);
  return refusal(endpoint, response, *std::move(envelope));
}

// Only the status decides: the body of a success is the caller's bytes, the body of an error is an envelope.
Result<Reply> judge_raw(const Endpoint& endpoint, HttpResponse&& response, std::vector<Message>& messages) {
  if (response.status >= 200 && response.status < 300) {
    const std::size_t size = response.body.size();
    return Reply{.http = std::move(response), .result_size = size};
  }
  if (response.body.empty()) return refusal(endpoint, response, {}, "the reply is empty");
  return judge_envelope(endpoint, std::move(response), messages);
}

// An envelope is judged as one; any other body is the caller's.
Result<Reply> judge_open(const Endpoint& endpoint, HttpResponse&& response, std::vector<Message>& messages) {
  const bool any = endpoint.form == Form::any;
  if (!any && (response.status < 200 || response.status >= 300))
    return judge_raw(endpoint, std::move(response), messages);
  Reply reply;
  const std::size_t begin = response.body.find_first_not_of(" \t\r\n");
  if (begin != std::string::npos && response.body[begin] == '{') {
    if (auto envelope = read_envelope(response.body); envelope && envelope->has_success) {
      if (!any && !envelope->success) return refusal(endpoint, response, *std::move(envelope));
      if (envelope->success) messages = std::move(envelope->messages);
      reply.info_begin = envelope->info_begin;
      reply.info_size = envelope->info_size;
    }
  }
  reply.http = std::move(response);
  reply.result_size = reply.http.body.size();
  return reply;
}

}  // namespace

Result<Envelope> read_envelope(std::string& text) {
  return read_json(text, 0, text.size(), "the reply", [&](json::document& document) {
    Envelope envelope;
    const auto slice = [&](json::value value, std::size_t& begin, std::size_t& size) {
      const std::string_view raw = raw_text(value);
      begin = static_cast<std::size_t>(raw.data() - text.data());
      size = raw.size();
    };
    Message flat;  // {code, message} or {code, error} without a list, with EdgeBase's {slug, data} if they are there
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      json::value value = field.value();
      if (name == "success") {
        envelope.has_success = true;
        envelope.success = value.get_bool();
      } else if (name == "errors") {
        envelope.errors = read_messages(value);
      } else if (name == "messages") {
        envelope.messages = read_messages(value);
      } else if (name == "result") {
        slice(value, envelope.result_begin, envelope.result_size);
      } else if (name == "result_info") {
        slice(value, envelope.info_begin, envelope.info_size);
      } else if (name == "code") {
        flat.code = read_code(value);
      } else if (name == "message" || name == "error") {
        flat.message = text_of(value);
      } else if (name == "slug" || name == "data") {
        flat.meta.append(flat.meta.empty() ? "{" : ",").append("\"").append(name).append("\":").append(raw_text(value));
      }
    }
    if (!flat.meta.empty()) flat.meta.push_back('}');
    if (envelope.errors.empty() && (flat.code != 0 || !flat.message.empty()))
      envelope.errors.push_back(std::move(flat));
    return envelope;
  });
}

Error undecodable(const Error& error, const Request& sent, const Reply& reply) {
  ErrorDetails d = with_head(error, reply.http);
  d.operation = sent.endpoint->name;
  d.attempts = reply.attempts;
  if (d.kind == ErrorKind::decode) d.delivery = Delivery::unknown;  // any other error was told by the reply
  d.outcome_unknown = sent.repeat != Repeat::read && (d.delivery == Delivery::unknown || reply.attempts > 1);
  return Error(std::move(d));
}

Error in_operation(const Error& error, const Request& sent) {
  if (!error.operation().empty()) return error;
  ErrorDetails d = error.details();
  d.operation = sent.endpoint->name;
  return Error(std::move(d));
}

Result<Reply> judge(const Endpoint& endpoint, HttpResponse&& response, const Clock& clock,
                    std::vector<Message>& messages) {
  Result<Reply> reply = [&]() -> Result<Reply> {
    if (endpoint.form == Form::any) return judge_open(endpoint, std::move(response), messages);
    const std::string* mitigated = find_header(response.headers, "cf-mitigated");
    if (mitigated != nullptr && mitigated->find("challenge") != std::string::npos) return challenged();
    if (endpoint.form == Form::raw) return judge_raw(endpoint, std::move(response), messages);
    if (endpoint.form == Form::bare) return judge_bare(endpoint, std::move(response));
    if (endpoint.form == Form::open) return judge_open(endpoint, std::move(response), messages);
    return judge_envelope(endpoint, std::move(response), messages);
  }();
  if (!reply) reply = with_reply(reply.error(), response, clock);  // `response` is moved from only on success
  return reply;
}

}  // namespace cloudflare::detail
