#pragma once
// An HTTP/1.1 server on a raw loopback socket that records every request byte for byte and misbehaves as told: it cuts,
// stalls or drips a reply at any byte, lies about lengths, breaks framing, drops connections. One acceptor thread and
// one thread for each connection.
//
//   FaultServer server;
//   server.script({Answer{.status = 503}, Answer{.body = R"({"success":true})"}});
//   ... the client under test talks to server.url() ...
//   CHECK(server.requests().size() == 2);

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "exchange.hpp"

namespace support {

class FaultServer {
 public:
  FaultServer();
  ~FaultServer();  ///< ends every connection and joins every thread
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;

  [[nodiscard]] unsigned port() const noexcept { return port_; }
  [[nodiscard]] std::string origin() const;  ///< http://127.0.0.1:PORT
  [[nodiscard]] std::string url() const;     ///< origin() and /client/v4

  /// Behaviour. The callbacks run on the connection's thread, one at a time, until the destructor returns: what they
  /// refer to must outlive the server. Set them before the client starts.
  void on_request(std::function<Answer(const Recorded&)>);
  /// The nth request gets the nth answer; any further one a 500 that says so.
  void script(std::vector<Answer>);
  /// Asked when the head has arrived: an answer is sent at once, the body stays unread, and the connection is closed
  /// afterwards.
  void on_head(std::function<std::optional<Answer>(const Recorded&)>);
  /// Asked for each connection by number: false closes it before a byte is read.
  void on_connect(std::function<bool(unsigned connection)>);
  /// Asked when the first byte of a request has arrived: the connection is closed once so many of its bytes are read.
  void on_begin(std::function<std::size_t()>);
  void continue_100(bool answered) {
    continue_100_ = answered;
  }                                                     ///< `Expect: 100-continue` is answered unless told otherwise
  void keep_bodies(bool kept) { keep_bodies_ = kept; }  ///< false: request bodies are counted only
  void tunnel_connects() { tunnels_ = true; }           ///< obeys CONNECT as a proxy would, towards loopback only

  /// Evidence.
  [[nodiscard]] std::vector<Recorded> requests() const;
  [[nodiscard]] unsigned connections() const;      ///< accepted so far
  [[nodiscard]] std::uint64_t bytes_sent() const;  ///< of all replies
  /// Blocks until no connection is open any more; false if that takes longer than `limit`.
  bool wait_for_silence(std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
  /// Blocks until `n` requests have been recorded whole; false if that takes longer than `limit`.
  bool wait_for_requests(std::size_t n, std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

 private:
  struct Connection;

  void accept_loop();
  void serve(Connection&);
  bool begin(Connection&);
  bool serve_one(Connection&);
  bool read_body(Connection&, Recorded&, std::size_t index);
  bool deliver(Connection&, const Answer&, std::string_view method);
  bool tunnel(Connection&, const std::string& target);
  bool pause(std::optional<std::chrono::milliseconds>);  ///< false when the server is ending
  bool send_all(Connection&, std::string_view);
  void reap(bool all);

  int listener_ = -1;
  unsigned port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> bytes_sent_{0};

  std::mutex behaviour_;  // the callbacks, so that they may ask for the evidence; never taken while mutex_ is held
  std::function<Answer(const Recorded&)> on_request_;
  std::function<std::optional<Answer>(const Recorded&)> on_head_;
  std::function<bool(unsigned)> on_connect_;
  std::function<std::size_t()> on_begin_;
  std::atomic<bool> continue_100_{true};
  std::atomic<bool> keep_bodies_{true};
  std::atomic<bool> tunnels_{false};

  mutable std::mutex mutex_;  // everything below
  mutable std::condition_variable changed_;
  unsigned accepted_ = 0;
  std::vector<Recorded> requests_;
  std::list<Connection> connections_;

  std::thread acceptor_;
};

}  // namespace support
