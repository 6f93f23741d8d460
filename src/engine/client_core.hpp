#pragma once

// The core that all handles of a client share: options, credential, transport, budget, and loops for blocking calls.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <cloudflare/clock.hpp>
#include <cloudflare/credentials.hpp>
#include <cloudflare/detail/flow.hpp>
#include <cloudflare/options.hpp>

#include "http/url.hpp"

namespace cloudflare::detail {

class IoThread;
class Loop;
class RateBudget;

/// A credential for Cloudflare's API or for EdgeBase.
using AnyCredential = std::variant<ApiToken, EmailKey, TokenProvider, edgebase::ServiceKey>;

/// The headers common to all requests, and the secrets that must never appear in an error. They are overwritten at the
/// end.
struct CommonHeaders {
  std::vector<Header> headers{};
  std::vector<std::string> secrets{};

  ~CommonHeaders();
};

/// A credential that is overwritten at the end.
struct KeptCredential {
  AnyCredential value;

  ~KeptCredential();
};

class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  /// Checks all options; throws invalid_argument.
  ClientCore(AnyCredential credential, ClientOptions options);
  ~ClientCore();
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

  [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }
  [[nodiscard]] Transport& transport() const noexcept { return *options_.transport; }
  [[nodiscard]] Clock& clock() const noexcept { return *options_.clock; }
  /// Null if no budget is kept.
  [[nodiscard]] RateBudget* budget() const noexcept { return budget_.get(); }

  /// A bulk job sends only while the last five minutes have fewer requests than this, other calls included.
  [[nodiscard]] std::size_t paced_budget(const CallOptions& call) const;

  /// User agent and credential for one attempt; calls a TokenProvider. Throws invalid_argument if its token is
  /// malformed.
  [[nodiscard]] std::shared_ptr<const CommonHeaders> common_headers() const;
  /// Whether the credential of the next attempt differs from `used`: a provider may have another token by now.
  [[nodiscard]] bool renewed(const CommonHeaders& used) const;
  [[nodiscard]] Header user_agent() const { return {"User-Agent", options_.user_agent}; }
  /// Whether there is anybody to tell of operations and attempts.
  [[nodiscard]] bool traced() const noexcept { return !options_.tracers.empty(); }
  /// An id for an operation or attempt.
  [[nodiscard]] std::uint64_t next_trace_id() noexcept { return ++trace_ids_; }
  [[nodiscard]] const UrlParts& server() const noexcept { return server_; }
  /// A random number in [0, 1).
  [[nodiscard]] double random();
  /// Begins the random numbers anew, so that a test can be repeated.
  void seed(std::uint64_t seed) { random_.seed(seed); }

  /// Where asynchronous operations run.
  [[nodiscard]] IoThread& io() noexcept { return *io_; }

  /// Runs a flow to its end on this thread, over a leased loop whose connections stay warm.
  void run(Flow& flow, const CallOptions& call);

 private:
  [[nodiscard]] std::unique_ptr<Loop> lease();
  void give_back(std::unique_ptr<Loop> loop);

  KeptCredential credential_;
  std::shared_ptr<const CommonHeaders> common_headers_{};  ///< Null with a TokenProvider.
  ClientOptions options_;
  std::shared_ptr<RateBudget> budget_{};
  UrlParts server_{};                                                                      ///< Of the base URL.
  std::atomic<std::uint64_t> trace_ids_{std::random_device{}() * std::uint64_t{1} << 32};  // so that clients differ
  std::mutex mutex_{};
  std::mt19937_64 random_{std::random_device{}()};
  std::vector<std::unique_ptr<Loop>> idle_{};
  std::unique_ptr<IoThread> io_;
};

/// The same context with other call options, checked. @throws Error  invalid_argument
[[nodiscard]] Context with_options(Context context, const CallOptions& options);

/// Shared by the handles of a client. When the last handle is gone, asynchronous operations complete with `cancelled`;
/// the core's memory stays until the last of them has released it.
class OpenClient {
 public:
  explicit OpenClient(std::shared_ptr<ClientCore> core) : core_(std::move(core)) {}
  ~OpenClient();
  OpenClient(const OpenClient&) = delete;
  OpenClient& operator=(const OpenClient&) = delete;

  [[nodiscard]] const std::shared_ptr<ClientCore>& core() const noexcept { return core_; }

 private:
  std::shared_ptr<ClientCore> core_;
};

/// A new client, as the context of its first handle. @throws Error  invalid_argument
[[nodiscard]] Context open_client(AnyCredential credential, ClientOptions options);

}  // namespace cloudflare::detail
