#pragma once

// Tracer: begin and end of operations and of their attempts, for spans and metrics. The names are those of
// OpenTelemetry's semantic conventions for HTTP clients; each member names its attribute.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <cloudflare/http/transport.hpp>

namespace cloudflare {

/// An operation: one call of a handle with all its requests. One that is refused before its first request, or needs
/// none, is not traced. The texts live as long as the call of the tracer.
struct OperationTrace {
  std::uint64_t id = 0;          ///< The call id; no other operation or attempt of the client has it.
  std::string_view operation{};  ///< For example "kv.get"; if there are several requests, that of the first.
  std::string_view parent{};     ///< CallOptions::trace_parent, empty if absent.
  TimePoint begun{};             ///< By the client's clock.

  // Known at the end.
  std::chrono::nanoseconds duration{0};
  int attempts = 0;               ///< Requests sent, repetitions included.
  std::string_view error_type{};  ///< `error.type`: the name of the ErrorKind; empty for a success.
};

/// An attempt: one HTTP request sent once.
struct AttemptTrace {
  std::uint64_t id = 0;
  std::uint64_t operation_id = 0;
  std::string_view operation{};  ///< Of this request, for example "d1.import.poll".
  std::string_view method{};     ///< `http.request.method`
  /// `url.template`: the path under the base URL with `{}` for each argument, so it names no account, key or id. Empty
  /// for request(), request_raw() and pages() of a path of yours, and for signed URLs.
  std::string_view url_template{};
  std::string_view server_address{};  ///< `server.address`
  int server_port = 0;                ///< `server.port`
  int resend_count = 0;               ///< `http.request.resend_count`: 0 for the first attempt of a request.
  TimePoint begun{};
  /// From when the request could have been sent: the wait for the rate budget. At the end also the wait for a free
  /// connection, if the transport knows it.
  std::chrono::nanoseconds queued{0};

  // Known at the end.
  std::chrono::nanoseconds duration{0};     ///< `http.client.request.duration`
  int status = 0;                           ///< `http.response.status_code`; 0 without a reply.
  std::string_view error_type{};            ///< `error.type`: the name of the ErrorKind; empty for a success.
  std::string_view ray_id{};                ///< The `cf-ray` header.
  std::uint64_t bytes_sent = 0;             ///< `http.request.body.size`: what was sent of it.
  std::uint64_t bytes_received = 0;         ///< `http.response.body.size`, before decoding over libcurl.
  std::optional<bool> connection_reused{};  ///< Absent if the transport does not know it.
};

/// Observes what a client does; see ClientOptions::tracers.
///
/// Called on the thread that drives the call: the caller's for blocking calls, the I/O thread for asynchronous ones. It
/// must be thread-safe, and should be quick. An exception from a `…_begins` function, or from attempt_ends() after a
/// reply, ends the call with that exception, as one from LogHook does. Where the outcome is there already, an exception
/// goes to LogHook only (event "callback").
class CLOUDFLARE_API Tracer {
 public:
  Tracer() = default;
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  virtual ~Tracer() = default;

  virtual void operation_begins(const OperationTrace& /*operation*/) {}
  /// `headers` is for headers that this attempt shall carry, such as `traceparent`. One that is malformed, or that the
  /// request has already, is an Error (invalid_argument); credentials cannot be replaced. Requests to D1's signed URLs
  /// carry none of them.
  virtual void attempt_begins(const AttemptTrace& /*attempt*/, std::vector<Header>& /*headers*/) {}
  virtual void attempt_ends(const AttemptTrace& /*attempt*/) {}
  virtual void operation_ends(const OperationTrace& /*operation*/) {}
};

}  // namespace cloudflare
