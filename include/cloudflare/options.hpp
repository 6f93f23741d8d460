#pragma once

// Options of a client, of a handle and of a call, and the log hook.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/stop_token.hpp>
#include <cloudflare/error.hpp>

namespace cloudflare {

class Clock;
class Tracer;
class Transport;

/// How much is logged: a level includes those before it.
enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// One line of the log. Holds these fields and nothing else: no credential, URL, key, value or parameter.
struct LogRecord {
  LogLevel level = LogLevel::debug;
  std::string_view event{};      ///< "request", "reply", "retry", "wait", "failure" or "callback" (one of yours threw).
  std::string_view operation{};  ///< For example "kv.get".
  std::string_view method{};
  int attempt = 0;
  int http_status = 0;
  std::string_view ray_id{};
  std::string_view error{};            ///< Name of the ErrorKind, empty if none.
  std::uint64_t request_bytes = 0;     ///< Size of the body, if known.
  std::uint64_t reply_bytes = 0;       ///< Size of the body, if it is in memory.
  std::chrono::milliseconds pause{0};  ///< Pause before the next attempt.
};

/// Called on the thread that drives the call: the caller's for blocking calls, the I/O thread for asynchronous ones.
/// Must be thread-safe if the client is used from several threads. If it throws, the call ends with that exception.
using LogHook = std::function<void(const LogRecord&)>;

/// Called with the envelope's `messages` of successful replies; same thread and rules as LogHook.
using MessagesHook = std::function<void(std::string_view operation, const std::vector<Message>& messages)>;

/// Options of a client, fixed when it is made.
struct ClientOptions {
  /// Where Cloudflare's API answers.
  static constexpr const char* cloudflare_url = "https://api.cloudflare.com/client/v4";

  /// 1 to 32 characters of `[A-Za-z0-9_-]`; needed by everything but verify_token() and request().
  std::string account_id{};
  /// Another one for a test server or cloudflare-local.
  std::string base_url = cloudflare_url;

  /// Limits one call with all its attempts and pauses. Import, export and `_many` calls have only `stall_timeout`.
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds connect_timeout{10'000};
  /// A transfer below 1 byte/s for this long is a timeout.
  std::chrono::milliseconds stall_timeout{30'000};

  int max_attempts = 4;
  std::chrono::milliseconds backoff_base{500};
  std::chrono::milliseconds backoff_cap{8'000};

  /// Requests under way at once in `_many` calls.
  int in_flight = 4;
  /// Largest reply held in memory.
  std::uint64_t reply_limit = 128ULL << 20;

  /// Calls wait rather than exceed 1200 requests per 5 minutes, counted per credential in this process. Default: on for
  /// Cloudflare's own host without a transport of your own, off otherwise.
  std::optional<bool> rate_budget{};
  /// Share of the rate budget that `_many` calls leave to other calls of the credential, 0 to 1.
  double budget_reserve = 0.01;
  /// Refuses requests that break a documented limit before sending; false leaves that to the server.
  bool check_limits = true;
  /// Sends credentials over plain http to hosts other than loopback.
  bool allow_plain_http = false;

  std::string user_agent{};
  /// PEM file with additional trusted certificates (UTF-8 path).
  std::string ca_file{};

  LogHook log{};
  LogLevel log_level = LogLevel::info;
  MessagesHook on_messages{};
  /// Told of operations and attempts, in this order. <cloudflare/tracer.hpp>, <cloudflare/metrics.hpp>
  std::vector<std::shared_ptr<Tracer>> tracers{};

  /// Null: libcurl.
  std::shared_ptr<Transport> transport{};
  /// Null: the machine's clocks. <cloudflare/clock.hpp>
  std::shared_ptr<Clock> clock{};
};

/// Limits of single calls; `handle.with(options)` gives a second handle that uses them. Options add up: a later one
/// replaces an earlier one, an absent one changes nothing, and handles inherit those of their client. Absent
/// everywhere: the ClientOptions hold.
struct CallOptions {
  std::optional<std::chrono::milliseconds> timeout{};
  std::optional<int> max_attempts{};
  std::optional<int> in_flight{};
  std::optional<bool> check_limits{};
  std::optional<double> budget_reserve{};
  /// The caller's word that sending the request twice does no harm: it is then repeated like an idempotent write.
  std::optional<bool> replay_safe{};
  /// Given to the tracers as OperationTrace::parent: the `traceparent` of the caller's span, for example. An
  /// asynchronous call runs on another thread, where the caller's current span is not to be found.
  std::optional<std::string> trace_parent{};
  /// Ends the call within 100 ms, with an Error of kind cancelled. A later token takes the place of an earlier one.
  std::stop_token stop{};
};

}  // namespace cloudflare
