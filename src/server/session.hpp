#pragma once

// Connections: each reads a request, hands it to a worker, writes the reply, and begins again.

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include "server/gateway.hpp"
#include "server/head.hpp"
#include "server/limits.hpp"
#include "server/stream.hpp"

namespace cloudflare::server {

/// What all connections share.
struct Shared {
  Gateway& gateway;
  asio::thread_pool& workers;
  const ServerLimits& limits;
  Names names{};
  std::string address{};  ///< "127.0.0.1:8787", for links when a request names no host.
  std::atomic<int> connections = 0;
  std::atomic<int> busy = 0;     ///< Requests between the end of their head and the end of their reply.
  std::atomic<int> running = 0;  ///< Requests that the store works on.
  std::atomic<bool> ending = false;
};

/// Adds one to a counter while it lives.
class Counted {
 public:
  explicit Counted(std::atomic<int>& counter) : counter_(counter) { ++counter_; }
  ~Counted() { --counter_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<int>& counter_;
};

/// The Date of a reply, by the machine's clock.
[[nodiscard]] std::string http_date();

/// Serves a connection until it ends. Does not block; the stream's executor is a strand.
void start_session(std::unique_ptr<Stream> stream, Shared& shared);

}  // namespace cloudflare::server
