#pragma once

// The shared core behind every handle: options, credential, transport, budget, and the loops that blocking calls lease.

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

namespace cloudflare::detail {

class IoThread;
class Loop;
class RateBudget;

/// A credential of either API.
using AnyCredential = std::variant<ApiToken, EmailKey, TokenProvider, edgebase::ServiceKey>;

/// What every request of one attempt carries, and the texts that must never show in an error.
struct CommonHeaders {
  std::vector<Header> headers{};
  std::vector<std::string> secrets{};
};

class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  /// Checks everything a client can get wrong; throws invalid_argument.
  ClientCore(AnyCredential credential, ClientOptions options);
  ~ClientCore();
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

  [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }
  [[nodiscard]] Transport& transport() const noexcept { return *options_.transport; }
  [[nodiscard]] Clock& clock() const noexcept { return *options_.clock; }
  /// Null when no budget is kept.
  [[nodiscard]] RateBudget* budget() const noexcept { return budget_.get(); }

  /// Requests of five minutes that a bulk job may use, those of others included.
  [[nodiscard]] std::size_t paced_budget(const CallOptions& call) const;

  /// User agent and credential for one attempt; asks a TokenProvider. Throws invalid_argument if it cannot be sent.
  [[nodiscard]] std::shared_ptr<const CommonHeaders> common_headers() const;
  [[nodiscard]] Header user_agent() const { return {"User-Agent", options_.user_agent}; }
  /// A number in [0, 1).
  [[nodiscard]] double random();

  /// Where asynchronous operations run.
  [[nodiscard]] IoThread& io() noexcept { return *io_; }

  /// Runs a flow to its end on this thread, over a leased loop whose connections stay warm.
  void run(Flow& flow, const CallOptions& call);

 private:
  [[nodiscard]] std::unique_ptr<Loop> lease();
  void give_back(std::unique_ptr<Loop> loop);

  AnyCredential credential_;
  std::shared_ptr<const CommonHeaders> common_headers_{};  ///< With any credential but a TokenProvider.
  ClientOptions options_;
  std::shared_ptr<RateBudget> budget_{};
  std::mutex mutex_{};
  std::mt19937_64 random_{std::random_device{}()};
  std::vector<std::unique_ptr<Loop>> idle_{};
  std::unique_ptr<IoThread> io_;
};

/// The same context with other limits for its calls, checked. @throws Error  invalid_argument
[[nodiscard]] Context with_options(Context context, const CallOptions& options);

/// What the handles of a client share. When the last handle is gone, asynchronous operations complete with `cancelled`;
/// the core's memory stays until the last of them has let go of it.
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

/// A new client, as its first handle carries it. @throws Error  invalid_argument
[[nodiscard]] Context open_client(AnyCredential credential, ClientOptions options);

}  // namespace cloudflare::detail
