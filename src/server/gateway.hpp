#pragma once

// Passes a request over HTTP to the embedded store and its reply back, with absolute links, compression and a log.

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/http/transport.hpp>
#include <cloudflare/local.hpp>

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

enum class LogDetail : std::uint8_t { quiet, requests, bodies };

class Gateway {
 public:
  /// `secrets` are removed from what the log shows.
  Gateway(const local::Cloudflare& cloud, Budgets& budgets, LogDetail level, std::vector<std::string> secrets)
      : cloud_(cloud), store_(cloud.transport()), budgets_(budgets), level_(level), secrets_(std::move(secrets)) {}

  [[nodiscard]] Budgets& budgets() noexcept { return budgets_; }
  struct Admission {
    std::optional<Outgoing> refusal{};
    std::uint64_t body_bytes = 0;
  };
  /// The store's verdict on a request whose body was not read yet. Does not block.
  [[nodiscard]] Admission admit(const Incoming& incoming);
  /// Blocks while the store works; any thread may call. Throws nothing but std::bad_alloc.
  Outgoing answer(Incoming incoming);
  /// Makes requests under way end as soon as they can.
  void stop() { stop_.request_stop(); }
  /// Logs a reply that answer() did not make.
  void note(const Incoming& incoming, Outgoing& outgoing);
  /// A refusal by the server itself, as an envelope of the API.
  [[nodiscard]] static Outgoing refusal(int status, int code, std::string_view message);

 private:
  Outgoing ask(Incoming& incoming, std::string& shown);
  void log(const Incoming& incoming, Outgoing& outgoing, std::chrono::steady_clock::duration took,
           const std::string& shown);
  [[nodiscard]] std::string excerpt(std::string_view bytes) const;
  [[nodiscard]] std::string shown_of(Stored& body) const;

  local::Cloudflare cloud_;
  std::shared_ptr<Transport> store_;
  Budgets& budgets_;
  std::stop_source stop_{};
  LogDetail level_;
  std::vector<std::string> secrets_;
  std::mutex log_mutex_{};
};

}  // namespace cloudflare::server
