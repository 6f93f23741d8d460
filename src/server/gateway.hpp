#pragma once

// One request over HTTP becomes a request to the embedded store, and its reply goes back: links, compression, log.

#include <chrono>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/http/transport.hpp>

#include "server/stored.hpp"

namespace cloudflare::server {

struct Incoming {
  std::string method{};
  std::string target{};  ///< Path and query as they stand on the request line.
  std::string origin{};  ///< "http://host:port", for links back to this server.
  std::vector<Header> headers{};
  std::shared_ptr<Stored> body = std::make_shared<Stored>();
};

struct Outgoing {
  int status = 500;
  std::vector<Header> headers{};
  std::shared_ptr<Stored> body = std::make_shared<Stored>();
};

enum class LogLevel : std::uint8_t { quiet, requests, bodies };

class Gateway {
 public:
  /// `secrets` are removed from what the log shows.
  Gateway(std::shared_ptr<Transport> store, LogLevel level, std::vector<std::string> secrets)
      : store_(std::move(store)), level_(level), secrets_(std::move(secrets)) {}

  /// Blocks while the store works; any thread may call. Throws nothing but std::bad_alloc.
  Outgoing answer(Incoming incoming);
  /// Ends what the store is doing for requests under way, and refuses all that come: the process ends.
  void interrupt() { stop_.request_stop(); }
  /// A refusal of the server itself, in the form of the API's.
  [[nodiscard]] static Outgoing refusal(int status, int code, std::string_view message);

 private:
  Outgoing ask(Incoming& incoming, std::string& shown);
  void log(const Incoming& incoming, Outgoing& outgoing, std::chrono::steady_clock::duration took,
           const std::string& shown);
  [[nodiscard]] std::string without_secrets(std::string_view text) const;

  std::shared_ptr<Transport> store_;
  std::stop_source stop_{};
  LogLevel level_;
  std::vector<std::string> secrets_;
  std::mutex log_mutex_{};
};

}  // namespace cloudflare::server
