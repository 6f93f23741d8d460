#include "server/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include "server/session.hpp"

namespace cloudflare::server {

namespace {

using tcp = asio::ip::tcp;

// Thousands of idle connections need as many file descriptors; the default is often 1024.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

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
  // No file descriptor is left, or the connection is gone already.
  void rest() {
    pause_.expires_after(std::chrono::milliseconds(20));
    pause_.async_wait([this](beast::error_code error) {
      if (!error) accept();
    });
  }

  void start(tcp::socket socket) {
    beast::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (tls_ == nullptr)
      std::make_shared<Session<beast::tcp_stream>>(beast::tcp_stream(std::move(socket)), shared_)->start();
    else
      std::make_shared<Session<beast::ssl_stream<beast::tcp_stream>>>(
          beast::ssl_stream<beast::tcp_stream>(std::move(socket), *tls_), shared_)
          ->start();
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::ssl::context* tls_;
  Shared& shared_;
};

// How long requests under way may go on after a signal; how long interrupted ones have to reply; and how long the store
// may take to let go, before the process ends all the same: no write that was acknowledged depends on its end.
constexpr std::chrono::seconds grace{5};
constexpr std::chrono::seconds grace_after_interruption{2};
constexpr std::chrono::seconds last_resort{3};

// Lets requests under way end, for a while, interrupts them, and then stops everything.
class Ending {
 public:
  Ending(asio::io_context& io, Shared& shared) : io_(io), shared_(shared), timer_(io) {}

  void begin() {
    shared_.ending = true;
    last_ = std::chrono::steady_clock::now() + grace;
    wait();
  }

 private:
  void wait() {
    const bool late = std::chrono::steady_clock::now() >= last_;
    if (shared_.busy == 0 || (late && interrupted_)) return io_.stop();
    if (late) {
      interrupted_ = true;
      last_ += grace_after_interruption;
      shared_.gateway.interrupt();
    }
    timer_.expires_after(std::chrono::milliseconds(5));
    timer_.async_wait([this](beast::error_code) { wait(); });
  }

  asio::io_context& io_;
  Shared& shared_;
  asio::steady_timer timer_;
  std::chrono::steady_clock::time_point last_{};
  bool interrupted_ = false;
};

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

std::uint64_t most_bytes(std::string_view target) {
  // The store itself knows the limits; these keep the disk from filling up. An import file has up to 5 GB, the bodies
  // of everything else up to 100 MB, and a little more so that the store says which limit was broken.
  return target.starts_with("/signed/import/") ? 5'100'000'000U : 110'000'000U;
}

void serve(const ServerSettings& settings, Gateway& gateway, const std::function<void(const std::string&)>& ready) {
  raise_file_limit();
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  asio::io_context io;
  asio::thread_pool workers(std::max(4U, 2 * cores));
  std::optional<asio::ssl::context> tls;
  if (!settings.certificate.empty()) {
    tls.emplace(asio::ssl::context::tls_server);
    tls->use_certificate_chain_file(settings.certificate);
    tls->use_private_key_file(settings.certificate_key, asio::ssl::context::pem);
  }
  Shared shared{.gateway = gateway, .workers = workers};
  Listener listener(io, {asio::ip::make_address(settings.host), settings.port}, tls ? &*tls : nullptr, shared);
  shared.address = text_of(listener.endpoint());

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
  std::thread([] {
    std::this_thread::sleep_for(last_resort);
    std::_Exit(0);
  }).detach();
  workers.join();  // what has begun is finished, or was interrupted
}

}  // namespace cloudflare::server
