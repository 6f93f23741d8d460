#include "server/server.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string_view>
#include <thread>
#include <vector>

#include "base/files.hpp"
#include "server/session.hpp"

namespace cloudflare::server {

namespace {

using tcp = asio::ip::tcp;

class Listener {
 public:
  Listener(asio::io_context& io, const tcp::endpoint& endpoint, asio::ssl::context* tls, Shared& shared)
      : io_(io), acceptor_(io, endpoint), pause_(io), tls_(tls), shared_(shared) {
    acceptor_.listen(asio::socket_base::max_listen_connections);
  }

  [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  void accept() {
    acceptor_.async_accept(asio::make_strand(io_), [this](beast::error_code error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) return rest();
      start(std::move(socket));
      accept();
    });
  }
  void close() { acceptor_.close(); }

 private:
  // Tries again after a pause: no file descriptor was left, or the connection is gone already.
  void rest() {
    pause_.expires_after(std::chrono::milliseconds(20));
    pause_.async_wait([this](beast::error_code error) {
      if (!error) accept();
    });
  }

  // Does not wait for a client that does not read.
  static void turn_away(tcp::socket& socket) {
    static constexpr std::string_view reply =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCF-Ray: 0000000000000000-LCL\r\n"
        "Retry-After: 1\r\nConnection: close\r\nContent-Length: 119\r\n\r\n"
        R"({"result":null,"success":false,"errors":[{"code":10001,"message":"the server has too many connections"}],"messages":[]})";
    beast::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(reply), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void start(tcp::socket socket) {
    beast::error_code ignored;
    if (shared_.connections >= shared_.limits.connections) {
      if (tls_ == nullptr) turn_away(socket);
      return;
    }
    socket.set_option(tcp::no_delay(true), ignored);
    start_session(make_stream(std::move(socket), tls_), shared_);
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::ssl::context* tls_;
  Shared& shared_;
};

// Gives requests under way a while to end, then tells them to stop, then stops everything.
class Ending {
 public:
  Ending(asio::io_context& io, Shared& shared) : io_(io), shared_(shared), timer_(io) {}

  void begin() {
    shared_.ending = true;
    last_ = std::chrono::steady_clock::now() + shared_.limits.ending;
    wait();
  }

 private:
  void wait() {
    if (shared_.busy == 0) return io_.stop();
    if (std::chrono::steady_clock::now() >= last_) {
      if (stopped_) return io_.stop();
      stopped_ = true;
      shared_.gateway.stop();
      last_ += shared_.limits.ending_of_statements;
    }
    timer_.expires_after(std::chrono::milliseconds(5));
    timer_.async_wait([this](beast::error_code) { wait(); });
  }

  asio::io_context& io_;
  Shared& shared_;
  asio::steady_timer timer_;
  std::chrono::steady_clock::time_point last_{};
  bool stopped_ = false;
};

// A worker ends a moment after its reply was written.
bool is_zero_soon(const std::atomic<int>& counter) {
  for (int i = 0; i < 200 && counter != 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return counter == 0;
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace

std::string http_date() {
  const std::tm parts = detail::files::utc(std::time(nullptr));
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

void serve(const ServerSettings& settings, Gateway& gateway, const std::function<void(const std::string&)>& ready) {
  detail::files::allow_many();  // thousands of idle connections
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  asio::thread_pool workers(std::max(4U, 2 * cores));
  std::optional<asio::ssl::context> tls;
  if (!settings.certificate.empty()) {
    tls.emplace(asio::ssl::context::tls_server);
    tls->use_certificate_chain_file(settings.certificate);
    tls->use_private_key_file(settings.certificate_key, asio::ssl::context::pem);
  }
  Shared shared{.gateway = gateway, .workers = workers, .limits = settings.limits};
  asio::io_context io;  // its end destroys the sessions, which use what stands above
  Listener listener(io, {asio::ip::make_address(settings.host), settings.port}, tls ? &*tls : nullptr, shared);
  shared.address = text_of(listener.endpoint());
  shared.names = {.tls = tls.has_value(),
                  .address = listener.endpoint().address(),
                  .port = listener.endpoint().port(),
                  .allowed = settings.allowed_hosts};

  asio::signal_set signals(io, SIGTERM, SIGINT);
  Ending ending(io, shared);
  signals.async_wait([&](beast::error_code, int) {
    listener.close();
    ending.begin();
  });
  listener.accept();
  ready((tls ? "https://" : "http://") + shared.address);

  std::vector<std::thread> threads;
  for (unsigned i = 1; i < cores; ++i) threads.emplace_back([&io] { io.run(); });
  io.run();
  for (std::thread& thread : threads) thread.join();
  workers.stop();
  if (!is_zero_soon(shared.running)) {
    // A worker that did not stop cannot be waited for. What was acknowledged is in the files.
    std::cerr << "cloudflare-local: exits while requests are still running\n";
    std::_Exit(0);
  }
  workers.join();
}

}  // namespace cloudflare::server
