#pragma once

// The one exception type of the library and what it tells: the kind of failure, the documented code, the messages of
// the envelope, and whether the outcome of a write is known.

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/export.hpp>

namespace cloudflare {

/// What went wrong, in the kinds that a program may want to tell apart.
enum class ErrorKind : std::uint8_t {
  invalid_argument,  ///< The caller's mistake, found before any request was made.
  unauthorized,      ///< 401, 403, or one of the credential codes (10000, 9109, …) below 500.
  not_found,         ///< The namespace, database, index, model or route does not exist.
  conflict,          ///< The name is taken (10014, 7502, 3002) or HTTP 409.
  rejected,          ///< The server refused the request (any other 4xx, or `success:false`); SQL errors (7500) too.
  rate_limited,      ///< 429, or one of the throttling codes 971, 6100, 40041.
  quota_exceeded,    ///< The daily quota of the plan is used up (10048, 3036; D1 says so in words).
  overloaded,        ///< D1 is overloaded, or a request was too heavy for it (7429).
  challenge,         ///< A web application firewall answered in place of the API (`cf-mitigated`).
  server,            ///< 5xx, except throttling, quota and overload; a restart or lost connection inside D1.
  stub,              ///< This EdgeBase has no Vectorize: it answered an empty result marked `_stub`.
  decode,            ///< The reply, or a value in it, is not what was asked for.
  too_large,         ///< The reply is larger than the cap.
  timeout,           ///< The deadline passed, or the transfer stalled.
  cancelled,         ///< A stop token was triggered, or the client was destroyed.
  tls,               ///< The TLS handshake failed, for example because the certificate is not trusted.
  transport,         ///< No connection, or the connection was cut.
  callback,          ///< A sink, source, hook or conversion of the caller threw; see Error::cause().
};

/// The name of the enumerator, for example "not_found".
[[nodiscard]] CLOUDFLARE_API std::string_view to_string(ErrorKind kind) noexcept;

/// Documented error codes of the API that a program may want to tell apart. Codes change less often than messages.
enum class ErrorCode : int {
  none = 0,
  rate_limited = 971,
  invalid_api_token = 1000,
  vectorize_unknown_content_type = 1005,
  vectorize_index_not_found = 3000,
  vectorize_index_duplicate_name = 3002,
  vectorize_index_deleted = 3005,
  workers_ai_too_large = 3006,
  workers_ai_daily_quota = 3036,
  workers_ai_no_capacity = 3040,
  workers_ai_bad_input = 5006,
  workers_ai_no_model = 5007,
  invalid_request_headers = 6003,
  unparsable_request = 6008,
  throttled = 6100,
  no_route = 7000,
  d1_bad_state = 7001,
  invalid_object_identifier = 7003,
  d1_import_timeout = 7009,
  d1_bad_request = 7400,
  d1_not_authorized = 7403,
  d1_database_not_found = 7404,
  d1_database_limit = 7406,
  d1_overloaded = 7429,
  d1_sql = 7500,
  d1_name_taken = 7502,
  malformed_credentials = 9000,
  invalid_key_or_email = 9103,
  authentication_failed = 9106,
  unauthorized_token = 9109,
  authentication_error = 10000,
  kv_invalid_request = 10001,
  kv_key_not_found = 10009,
  kv_validation = 10011,
  kv_bad_body = 10012,
  kv_namespace_not_found = 10013,
  kv_title_taken = 10014,
  kv_title_required = 10019,
  kv_validation_2 = 10021,
  kv_bulk_get_count = 10029,
  kv_expiration_time_invalid = 10033,  ///< The time of expiration.
  kv_expiration_invalid = 10034,       ///< The ttl.
  kv_metadata_part_missing = 10047,
  kv_daily_quota = 10048,
  method_not_allowed = 10405,
  vectorize_no_metadata_index = 40005,
  vectorize_query_dimensions = 40006,
  vectorize_too_many_ids = 40007,
  vectorize_id_too_long = 40008,
  vectorize_vector_dimensions = 40012,
  vectorize_metadata_too_large = 40016,
  vectorize_metadata_key = 40018,
  vectorize_unparsable_line = 40023,
  vectorize_top_k = 40025,
  vectorize_bad_body = 40026,
  vectorize_throttled = 40041,
  vectorize_bad_cursor = 40052,
};

/// One item of the envelope's `errors` or `messages`.
struct Message {
  int code = 0;
  std::string message{};
  std::string documentation_url{};
  std::string source_pointer{};
  std::string meta{};  ///< JSON text of the endpoint-specific object, empty if absent.
  std::vector<Message> error_chain{};
};

/// Whether a request can have reached the server. Decides, with the retry class, what may be sent again.
enum class Delivery : std::uint8_t {
  not_sent,  ///< Certainly not executed: no connection, or refused before sending.
  unknown,   ///< Possibly executed: cut, stalled, 5xx, or a reply that cannot be understood.
  answered,  ///< The server decided and said so.
};

/// Everything an Error knows. Transports and flows fill it; users read it through Error.
struct ErrorDetails {
  ErrorKind kind = ErrorKind::transport;
  std::string text{};       ///< What happened in one line; never a credential, value, parameter or signed URL.
  std::string operation{};  ///< For example "kv.get".
  int http_status = 0;
  std::vector<Message> messages{};
  std::vector<Message> notes{};  ///< The envelope's `messages`; `messages` here are its `errors`.
  std::string result{};          ///< JSON text of the `result` that came with the refusal.
  std::string ray_id{};
  std::string cf_d1{};
  int attempts = 0;
  std::optional<std::chrono::seconds> retry_after{};
  Delivery delivery = Delivery::answered;
  bool outcome_unknown = false;
  bool repeated_unknown = false;    ///< An earlier attempt of the same call ended with an unknown outcome.
  std::optional<bool> retryable{};  ///< Whether the server says that repeating helps; it decides before the status.
  std::exception_ptr cause{};
};

/// The exception of this library. Copies share their state, so copying never throws.
class CLOUDFLARE_API Error : public std::exception {
 public:
  explicit Error(ErrorDetails details);
  Error(ErrorKind kind, std::string text);

  /// One line: operation, kind, HTTP status, first code and message, ray id.
  [[nodiscard]] const char* what() const noexcept override;

  [[nodiscard]] ErrorKind kind() const noexcept;
  /// 0 when no HTTP reply arrived.
  [[nodiscard]] int http_status() const noexcept;
  /// Every item of the envelope's `errors`, in the order sent.
  [[nodiscard]] const std::vector<Message>& messages() const noexcept;
  /// Every item of the envelope's `messages`, in the order sent: what the server says besides its errors.
  [[nodiscard]] const std::vector<Message>& notes() const noexcept;
  /// JSON text of the `result` of a refused reply, empty if it has none: a refused bulk request lists there the keys
  /// that it did not write or erase.
  [[nodiscard]] const std::string& result() const noexcept;
  /// The code of the first message; `ErrorCode::none` without one. Undocumented codes keep their number.
  [[nodiscard]] ErrorCode code() const noexcept;
  /// True if any message, or one in its error_chain, carries `code`.
  [[nodiscard]] bool has(ErrorCode code) const noexcept;
  [[nodiscard]] const std::string& operation() const noexcept;
  /// The `cf-ray` header: what Cloudflare's support asks for.
  [[nodiscard]] const std::string& ray_id() const noexcept;
  /// The `cf-d1` header of D1 replies, empty elsewhere.
  [[nodiscard]] const std::string& cf_d1() const noexcept;
  /// Requests made for this call; 0 if it was refused before the first.
  [[nodiscard]] int attempts() const noexcept;
  /// How long the server, or the rate budget, asks to wait.
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const noexcept;
  /// True for a write that may or may not have been executed.
  [[nodiscard]] bool outcome_unknown() const noexcept;
  /// What a callback of the caller threw (kind `callback`); null otherwise.
  [[nodiscard]] std::exception_ptr cause() const noexcept;

  [[nodiscard]] const ErrorDetails& details() const noexcept;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// An Error of kind invalid_argument.
[[nodiscard]] CLOUDFLARE_API Error invalid_argument(std::string text);

}  // namespace cloudflare
