#pragma once
// What the fault server records of a request, and what it can be told to answer.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One request as it arrived. It is recorded once its head is complete, so a request whose body was cut is there too.
struct Recorded {
  unsigned connection = 0;  ///< 1 for the first connection that was accepted
  unsigned nth = 0;         ///< 1 for the first request on that connection
  std::string method{};
  std::string
      target{};  ///< as on the request line: path and query, or the absolute form when the server is used as a proxy
  Headers headers{};   ///< in the order of the wire
  std::string body{};  ///< without its framing; empty after keep_bodies(false)
  std::uint64_t body_size = 0;
  bool complete = false;  ///< the whole body arrived

  /// The first value of a header (name in any case), or "".
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

enum class Framing {
  length,       ///< Content-Length
  chunked,      ///< Transfer-Encoding: chunked
  bad_chunked,  ///< chunked, and the size of the last chunk is no number
  until_close,  ///< neither: the end of the connection is the end of the body
};

/// What happens at byte `stop_at` of a reply.
enum class Stop { close, reset, stall };

inline constexpr std::size_t never = static_cast<std::size_t>(-1);

struct Answer {
  int status = 200;
  Headers headers{};
  std::string body{};
  Framing framing = Framing::length;
  std::optional<std::uint64_t> declared_length{};  ///< a Content-Length that lies
  std::size_t chunk_size = 0;                      ///< 0: the body is one chunk
  std::optional<std::string> raw{};                ///< the bytes of the whole reply, instead of all the above

  /// The reply waits until so many requests have arrived whole, which proves them concurrent.
  std::size_t hold_for = 0;
  /// Only so many bytes of the reply are sent, head included; 0 drops the request unanswered.
  std::size_t stop_at = never;
  Stop stop = Stop::close;
  std::optional<std::chrono::milliseconds> stall_for{};  ///< with Stop::stall: then the rest is sent; otherwise never
  std::chrono::milliseconds drip{0};                     ///< pause after each byte
  bool endless = false;                                  ///< the body is sent again and again until the client hangs up
  bool close_after = false;                              ///< closes after the reply, without having announced it
  bool drain = false;                                    ///< before closing, takes what still arrives: no reset
};

/// The bytes of a reply as the server would send them, for tests that cut it at each of them.
[[nodiscard]] std::string render(const Answer&, std::string_view method = "GET");

/// The body alone, framed.
[[nodiscard]] std::string framed_body(const Answer&);

/// Whether two header names or tokens are the same, in any case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

/// `text` as a gzip member, made by the gzip program.
[[nodiscard]] std::string gzip(std::string_view text);

}  // namespace support
