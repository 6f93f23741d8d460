#include "server/stream.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace cloudflare::server {

namespace {

class Plain final : public Stream {
 public:
  explicit Plain(asio::ip::tcp::socket socket) : stream_(std::move(socket)) {}

  [[nodiscard]] bool is_tls() const noexcept override { return false; }
  [[nodiscard]] beast::tcp_stream& tcp() noexcept override { return stream_; }
  void handshake(Done done) override { done({}, 0); }

 private:
  void read_some(asio::mutable_buffer buffer, Done done) override { stream_.async_read_some(buffer, std::move(done)); }
  void write_some(const Pieces& pieces, Done done) override { stream_.async_write_some(pieces, std::move(done)); }

  beast::tcp_stream stream_;
};

class Tls final : public Stream {
 public:
  Tls(asio::ip::tcp::socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

  [[nodiscard]] bool is_tls() const noexcept override { return true; }
  [[nodiscard]] beast::tcp_stream& tcp() noexcept override { return stream_.next_layer(); }
  void handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](beast::error_code error) { done(error, 0); });
  }

 private:
  void read_some(asio::mutable_buffer buffer, Done done) override { stream_.async_read_some(buffer, std::move(done)); }
  void write_some(const Pieces& pieces, Done done) override { stream_.async_write_some(pieces, std::move(done)); }

  beast::ssl_stream<beast::tcp_stream> stream_;
};

}  // namespace

std::unique_ptr<Stream> make_stream(asio::ip::tcp::socket socket, asio::ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<Plain>(std::move(socket));
  return std::make_unique<Tls>(std::move(socket), *tls);
}

}  // namespace cloudflare::server
