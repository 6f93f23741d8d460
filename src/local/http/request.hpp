#pragma once

// A request as handlers see it, their replies, and the one error they throw.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloudflare/http/transport.hpp>

#include "local/http/json.hpp"

namespace cloudflare::local {

/// A parsed HTTP request. Must not outlive the HttpRequest it was made from.
class Request {
 public:
  /// @throws ApiError  the path holds a broken escape
  explicit Request(const HttpRequest& http);

  [[nodiscard]] const HttpRequest& http() const noexcept { return http_; }
  [[nodiscard]] const std::string& method() const noexcept { return http_.method; }
  /// "https://host:port" of the URL, for links back to this server.
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  /// The path as it was sent.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The path, split at its slashes and then decoded, so that a key may hold %2F.
  [[nodiscard]] const std::vector<std::string>& segments() const noexcept { return segments_; }
  /// What the wildcards of the route matched, filled by the router.
  std::vector<std::string> captured{};

  [[nodiscard]] const std::string* query(std::string_view name) const noexcept;
  /// Empty if there is no such header.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
  /// The bytes of the body, or nothing if there are more than `limit`. To be called once.
  [[nodiscard]] std::optional<std::string_view> body(std::size_t limit);
  /// Hands the bytes of the body to `take`, piece by piece. To be called once.
  void stream_body(const std::function<void(std::string_view)>& take) const;

 private:
  const HttpRequest& http_;
  std::string origin_{};
  std::string path_{};
  std::vector<std::string> segments_{};
  std::vector<std::pair<std::string, std::string>> query_{};
  std::string body_{};  // what was read from a source
};

/// What a handler answers.
struct Reply {
  int status = 200;
  std::vector<Header> headers{};
  std::string body{};
  /// Writes the body piece by piece, in place of `body`.
  std::function<void(Sink&)> stream{};
};

/// The verdict on the head of a request.
struct Judgement {
  std::optional<Reply> refusal{};
  std::uint64_t body_bytes = 0;  ///< The largest body of the route, if there is no refusal.
};

/// A refusal, to be answered as an envelope with `success: false`.
struct ApiError {
  int status = 400;
  int code = 0;
  std::string message{};
  /// Leaves `messages` and `result` out, as D1's own checks do.
  bool bare = false;
  /// Further members of the first error as JSON text, for example its error_chain.
  std::string more{};
  /// A second error after the first.
  std::optional<std::pair<int, std::string>> second{};
  /// Seconds until a repetition makes sense.
  std::optional<std::int64_t> retry_after{};
};

struct Success {
  int status = 200;
  std::string result_info{};  ///< JSON text, empty: none.
  std::string messages = "[]";
};

/// A success envelope around JSON text.
[[nodiscard]] Reply ok(std::string_view result, const Success& success = Success());
[[nodiscard]] Reply to_reply(const ApiError& error);
[[nodiscard]] ApiError unroutable(const Request& request);
[[nodiscard]] ApiError method_not_allowed(const Request& request);

/// A whole number of the query within bounds, `fallback` if it is absent; otherwise throws what `refuse(text)` returns.
[[nodiscard]] std::int64_t whole_number(const Request& request, std::string_view name, std::int64_t min,
                                        std::int64_t max, std::int64_t fallback, ApiError (*refuse)(std::string));
/// `text` as a whole number, or nothing.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

/// `count` random bytes as hexadecimal digits.
[[nodiscard]] std::string random_hex(std::size_t count);
/// A UUID of version 4 (RFC 9562).
[[nodiscard]] std::string random_uuid();

}  // namespace cloudflare::local
