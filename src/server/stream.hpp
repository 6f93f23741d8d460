#pragma once

// A connection's bytes, plain or through TLS. What reads and writes HTTP is compiled once, for this class.

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace cloudflare::server {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// An AsyncReadStream and AsyncWriteStream of Boost. Handlers run on the socket's executor.
class Stream {
 public:
  using executor_type = beast::tcp_stream::executor_type;
  using Done = std::function<void(beast::error_code, std::size_t)>;

  virtual ~Stream() = default;
  [[nodiscard]] virtual bool is_tls() const noexcept = 0;
  /// What lies under TLS, and has the time limits.
  [[nodiscard]] virtual beast::tcp_stream& tcp() noexcept = 0;
  virtual void handshake(Done done) = 0;

  [[nodiscard]] executor_type get_executor() noexcept { return tcp().get_executor(); }
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    read_some(*asio::buffer_sequence_begin(buffers), done(std::forward<Handler>(handler)));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    Pieces pieces{};  // a message has fewer; more would be written by the next call
    auto piece = pieces.begin();
    for (auto it = asio::buffer_sequence_begin(buffers);
         it != asio::buffer_sequence_end(buffers) && piece != pieces.end(); ++it)
      if (const asio::const_buffer bytes(*it); bytes.size() != 0) *piece++ = bytes;
    write_some(pieces, done(std::forward<Handler>(handler)));
  }

 protected:
  using Pieces = std::array<asio::const_buffer, 8>;
  virtual void read_some(asio::mutable_buffer buffer, Done done) = 0;
  virtual void write_some(const Pieces& pieces, Done done) = 0;

 private:
  // Boost's handlers can only be moved.
  template <class Handler>
  static Done done(Handler&& handler) {
    return [kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler))](beast::error_code error,
                                                                                            std::size_t bytes) {
      auto once = std::move(*kept);
      once(error, bytes);
    };
  }
};

/// `tls` is null for a plain connection, and outlives the stream.
[[nodiscard]] std::unique_ptr<Stream> make_stream(asio::ip::tcp::socket socket, asio::ssl::context* tls);

}  // namespace cloudflare::server
