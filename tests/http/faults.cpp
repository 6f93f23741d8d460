#include "http/faults.hpp"

namespace http_test {

namespace {

/// The usual row. A body from a callback cannot be sent a second time; what went to a callback cannot be taken back.
constexpr Row row(const char* read, const char* write, const char* once, const char* upload_callback,
                  const char* download_callback = nullptr) {
  return {
      read, read, write, once, write, upload_callback, read, download_callback != nullptr ? download_callback : read};
}

/// The operations that read an envelope; the others take the body as it is.
constexpr Row enveloped(const char* read, const char* write, const char* once, const char* upload_callback) {
  return {"body", read, write, once, write, upload_callback, "body", "body"};
}

Answer cut(Answer answer, std::size_t from_end, Stop stop = Stop::close) {
  answer.stop_at = support::render(answer).size() - from_end;
  answer.stop = stop;
  return answer;
}

Answer at(Answer answer, std::size_t byte, Stop stop = Stop::close) {
  answer.stop_at = byte;
  answer.stop = stop;
  return answer;
}

Answer lying(Answer answer, int difference) {
  answer.declared_length = static_cast<std::uint64_t>(static_cast<int>(answer.body.size()) + difference);
  return answer;
}

Answer framed(Answer answer, Framing framing) {
  answer.framing = framing;
  answer.chunk_size = 10;
  return answer;
}

Answer encoded(Answer answer, std::string body) {
  answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = std::move(body);
  return answer;
}

/// A fault that is a reply of its own, whatever the operation.
std::function<Answer(Answer)> always(Answer answer) {
  return [answer = std::move(answer)](const Answer&) { return answer; };
}

Answer retry_after(Answer answer, const char* value) { return with_header(std::move(answer), "Retry-After", value); }

constexpr Row cut_off = row("transport x3", "transport x3 ?", "transport x1 ?", "transport x1 ?");
constexpr Row cut_in_body = row("transport x3", "transport x3 ?", "transport x1 ?", "transport x1 ?", "transport x1");
constexpr Row stalled = row("timeout x3", "timeout x3 ?", "timeout x1 ?", "timeout x1 ?");
constexpr Row stalled_in_body = row("timeout x3", "timeout x3 ?", "timeout x1 ?", "timeout x1 ?", "timeout x1");
constexpr Row server_error = row("server x3", "server x3 ?", "server x1 ?", "server x1 ?");
constexpr Row server_error_once = row("server x1", "server x1 ?", "server x1 ?", "server x1 ?");
constexpr Row throttled = row("rate_limited x3", "rate_limited x3", "rate_limited x3", "rate_limited x1");
constexpr Row harmless = row("value", "value", "value", "value");

/// A final refusal: no operation is repeated, and every outcome is known.
constexpr Row final(const char* cell) { return row(cell, cell, cell, cell); }

}  // namespace

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = {
      {"connection refused", row("transport x3", "transport x3", "transport x3", "transport x3"), always({}),
       Where::nobody},
      // Timing decides whether the callback was asked for the body before the close was seen.
      {"connection closed before the request is read", row("transport x3", "transport x3 ?", "transport x1 ?", "-"),
       always({}), Where::connection},
      {"connection closed during the TLS handshake", final("tls x1"), always({}), Where::handshake},
      {"dropped after the request", cut_off, [](Answer) { return Answer{.stop_at = 0}; }},
      {"reset after the request", cut_off, [](Answer) { return Answer{.stop_at = 0, .stop = Stop::reset}; }},
      {"no reply", stalled, [](Answer) { return Answer{.stop_at = 0, .stop = Stop::stall}; }, Where::reply, true},
      {"cut in the status line", cut_off, [](Answer a) { return at(a, 10); }},
      {"cut in the headers", cut_off, [](Answer a) { return at(a, 60); }},
      {"cut after the headers", cut_off, [](Answer a) { return cut(a, a.body.size()); }},
      {"cut in the body", cut_in_body, [](Answer a) { return cut(a, 5); }},
      {"reset in the body", cut_in_body, [](Answer a) { return cut(a, 5, Stop::reset); }},
      {"stalled in the headers", stalled, [](Answer a) { return at(a, 60, Stop::stall); }, Where::reply, true},
      {"stalled in the body", stalled_in_body, [](Answer a) { return cut(a, 5, Stop::stall); }, Where::reply, true},
      {"dripping, a byte each millisecond", harmless, [](Answer a) { return a.drip = 1ms, a; }},
      {"Content-Length too long", cut_in_body, [](Answer a) { return a.close_after = true, lying(a, 10); }},
      {"Content-Length too long, connection kept", stalled_in_body, [](Answer a) { return lying(a, 10); }, Where::reply,
       true},
      {"Content-Length too short", enveloped("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"),
       [](Answer a) { return lying(a, -10); }},
      {"bad chunk size", cut_in_body, [](Answer a) { return framed(a, Framing::bad_chunked); }},
      {"chunked, cut before the last chunk", cut_in_body, [](Answer a) { return cut(framed(a, Framing::chunked), 5); }},
      {"chunked, no fault", harmless, [](Answer a) { return framed(a, Framing::chunked); }},
      {"gzip, no fault", harmless, [](Answer a) { return encoded(a, support::gzip(a.body)); }},
      {"bad gzip", row("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"),
       [](Answer a) { return encoded(a, "this is no gzip member at all"); }},
      {"gzip, cut short", row("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"),
       [](Answer a) {
         const std::string whole = support::gzip(a.body);
         return encoded(a, whole.substr(0, whole.size() / 2));
       }},
      {"gzip, without its check sum", row("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"),
       [](Answer a) {
         const std::string whole = support::gzip(a.body);
         return encoded(a, whole.substr(0, whole.size() - 8));
       }},
      {"an encoding that was not asked for", row("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"),
       [](Answer a) { return with_header(a, "Content-Encoding", "br"); }},
      {"endless body", row("too_large x1", "too_large x1 ?", "too_large x1 ?", "too_large x1 ?"),
       [](Answer a) {
         a.body.assign(1 << 20, 'x');
         a.framing = Framing::chunked;
         a.endless = true;
         return a;
       }},
      {"endless headers", row("transport x3", "transport x3 ?", "transport x1 ?", "transport x1 ?"),
       [](const Answer&) {
         return Answer{.body = "X-More: and more\r\n", .raw = "HTTP/1.1 200 OK\r\n", .endless = true};
       }},
      {"not HTTP", cut_off, always({.raw = "SSH-2.0-OpenSSH_9.2\r\n", .close_after = true})},
      {"a status of seven digits in half a head", cut_off,
       always({.raw = "HTTP/1.1 4581525 x\r\nA", .close_after = true})},
      {"a head without a status", cut_off, always({.raw = "HTTP/ngth: 5\r\n\r\nhello", .close_after = true})},
      {"502 with HTML", server_error, always(reply(502, html, "text/html"))},
      {"504 with HTML", server_error, always(reply(504, html, "text/html"))},
      {"500 with an envelope", server_error, always(failure(500, 10001, "internal error"))},
      {"503 with Retry-After: 0", server_error, always(retry_after(failure(503, 10001, "try again"), "0"))},
      {"503 with Retry-After beyond the deadline", server_error_once,
       always(retry_after(failure(503, 10001, "try again"), "3600"))},
      {"429", throttled, always(failure(429, 971, "please wait"))},
      {"429 with HTML", throttled, always(reply(429, html, "text/html"))},
      {"429 with Retry-After: 0", throttled, always(retry_after(failure(429, 971, "please wait"), "0"))},
      {"429 with Retry-After beyond the deadline", final("rate_limited x1"),
       always(retry_after(failure(429, 971, "please wait"), "3600"))},
      {"400 with code 6100", throttled, always(failure(400, 6100, "throttled"))},
      {"400 with code 40041", throttled, always(failure(400, 40041, "too many requests"))},
      {"429 with code 10048, the daily quota", final("quota_exceeded x1"), always(failure(429, 10048, "free quota"))},
      {"500 with code 7429, overloaded", row("overloaded x3", "overloaded x3 ?", "overloaded x1 ?", "overloaded x1 ?"),
       always(failure(500, 7429, "D1 DB is overloaded"))},
      {"302 to another place", final("rejected x1"),
       always(with_header(reply(302, ""), "Location", "http://127.0.0.1:9/"))},
      {"400 with an envelope", final("rejected x1"), always(failure(400, 10001, "no"))},
      {"401", final("unauthorized x1"), always(failure(401, 10000, "Authentication error"))},
      {"403 with a challenge", final("challenge x1"),
       always(with_header(reply(403, html, "text/html"), "cf-mitigated", "challenge"))},
      {"200 with success:false", enveloped("rejected x1", "rejected x1", "rejected x1", "rejected x1"),
       always(failure(200, 10001, "no"))},
      {"200 with nothing", enveloped("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"), always(reply(200, ""))},
      {"200 with HTML", enveloped("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"),
       always(reply(200, html, "text/html"))},
      {"200 with half a JSON", enveloped("decode x1", "decode x1 ?", "decode x1 ?", "decode x1 ?"),
       always(reply(200, R"({"success":true,"errors":[],"mess)"))},
  };
  return all;
}

}  // namespace http_test
