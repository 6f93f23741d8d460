#pragma once

// How requests reach a server. A user's own transport implements send(); open() gives the SDK's loop a Channel that
// may have many transfers under way, by default one after the other over send().

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/detail/stop_token.hpp>
#include <cloudflare/http/body.hpp>
#include <cloudflare/result.hpp>

namespace cloudflare {

class Clock;
/// The time of a Clock (<cloudflare/clock.hpp>).
using TimePoint = std::chrono::steady_clock::time_point;

/// A header of a request or reply; names are compared without ASCII case.
struct Header {
  std::string name{};
  std::string value{};
};

/// The value of the first header named `name` (ASCII case does not matter), or null.
[[nodiscard]] CLOUDFLARE_API const std::string* find_header(const std::vector<Header>& headers,
                                                            std::string_view name) noexcept;

/// One HTTP request, complete with credentials.
struct HttpRequest {
  std::string method{};
  std::string url{};
  std::vector<Header> headers{};
  Body body{};
  /// Takes the bytes of a 2xx reply; null: they arrive in HttpResponse::body.
  std::shared_ptr<Sink> sink{};
  /// A larger reply is an error of kind too_large.
  std::uint64_t reply_limit = 128ULL << 20;
  /// Most bytes a reply of this kind can have; lets a transport reserve address space once. 0: unknown.
  std::uint64_t reply_expected = 0;
  /// False: the transport must never send the request a second time by itself, whatever the connection does.
  bool resendable = true;
  /// The transport should fill Completion::facts.
  bool measured = false;
};

/// A reply as it came. Its body is empty if a sink took it.
struct HttpResponse {
  int status = 0;
  std::vector<Header> headers{};
  std::string body{};
};

/// Time limits of one transfer.
struct TransferLimits {
  TimePoint deadline = TimePoint::max();  ///< In Transport::send() a time of the machine's steady clock.
  std::chrono::milliseconds connect_timeout{10'000};
  /// A transfer that moves less than one byte a second for this long is a timeout.
  std::chrono::milliseconds stall_timeout{30'000};
  std::stop_token stop{};
};

/// What a transport knows of a transfer besides its reply.
struct TransferFacts {
  std::uint64_t bytes_sent = 0;      ///< Of the request's body.
  std::uint64_t bytes_received = 0;  ///< Of the reply's body, before it is decoded.
  std::optional<bool> connection_reused{};
  std::chrono::microseconds queued{0};  ///< Wait for a free connection.
};

/// A transfer that ended: with a reply of any status, or with the Error that prevented one.
struct Completion {
  unsigned ticket = 0;
  Result<HttpResponse> reply;
  std::optional<TransferFacts> facts{};
};

/// Several transfers driven by one thread. Only wake() may be called from other threads.
class CLOUDFLARE_API Channel {
 public:
  virtual ~Channel() = default;
  /// Begins a transfer. `request` stays alive and unchanged until its completion was returned or it was abandoned.
  virtual void start(unsigned ticket, std::shared_ptr<const HttpRequest> request, const TransferLimits& limits) = 0;
  /// Drops a transfer; nothing of the request is touched afterwards.
  virtual void abandon(unsigned ticket) = 0;
  /// False if nothing of a transfer under way can have reached the server yet, as while it waits for a connection.
  [[nodiscard]] virtual bool may_have_sent(unsigned ticket) const {
    static_cast<void>(ticket);
    return true;
  }
  /// Works until a transfer completes, `until` passes or wake() is called. A failure is a Completion too, never an
  /// exception.
  virtual std::optional<Completion> wait(TimePoint until) = 0;
  virtual void wake() noexcept = 0;
};

/// A way to the server. Thread-safe: several channels may be used at once.
class CLOUDFLARE_API Transport {
 public:
  virtual ~Transport() = default;
  /// Performs one request and waits for its reply: any status is a reply. Failures are thrown as Error with
  /// Delivery::not_sent only when the request certainly did not reach the server.
  virtual HttpResponse send(const HttpRequest& request, const TransferLimits& limits) = 0;
  /// A channel over this transport; the default calls send() in turn on the thread that waits.
  virtual std::unique_ptr<Channel> open(Clock& clock);
};

/// Options of the libcurl transport.
struct CurlOptions {
  /// PEM file with additional trusted certificates (UTF-8 path); verification itself cannot be switched off.
  std::string ca_file{};
  /// Most connections open at once per thread that drives calls, and kept for its next call; further requests wait for
  /// a free one, in order. HTTP/2 carries up to 100 requests on each.
  long max_connections = 64;
};

/// HTTP/1.1 and HTTP/2 through libcurl, TLS 1.2 at least. It honours libcurl's usual proxy variables, but never uses a
/// proxy for loopback.
[[nodiscard]] CLOUDFLARE_API std::shared_ptr<Transport> make_curl_transport(const CurlOptions& options = CurlOptions());

}  // namespace cloudflare
