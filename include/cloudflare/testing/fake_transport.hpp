#pragma once

// A transport that plays a script, for tests of code that uses the library. It needs no test framework.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <cloudflare/http/transport.hpp>
#include <cloudflare/testing/fake_clock.hpp>

namespace cloudflare::testing {

/// What the transport answers: a reply, or a failure.
struct FakeReply {
  int status = 200;
  std::string body{};
  std::vector<Header> headers{};
  /// Time until it arrives, on the transport's FakeClock.
  std::chrono::milliseconds after{0};
  /// If set, takes the place of the reply.
  std::optional<Error> failure{};
};

/// `{"success":true,…,"result":…}`
[[nodiscard]] CLOUDFLARE_API FakeReply ok(std::string_view result_json, std::string_view result_info_json = "");
/// `{"success":false,…}` with one error.
[[nodiscard]] CLOUDFLARE_API FakeReply refused(int status, int code, std::string_view message);
/// A connection that was never made: the request was not sent.
[[nodiscard]] CLOUDFLARE_API FakeReply no_connection();
/// A connection that was cut: nobody knows whether the request was executed.
[[nodiscard]] CLOUDFLARE_API FakeReply cut();

/// A request as it was sent, with its body read to the end.
struct SentRequest {
  std::string method{};
  std::string url{};
  std::vector<Header> headers{};
  std::string body{};
  Clock::time_point at{};

  /// The value of a header, or "".
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// Plays replies in the order given, each to one request, or asks a function. A request without a reply gets an error.
/// problems() reports such requests, and replies that were never used.
class CLOUDFLARE_API FakeTransport final : public Transport {
 public:
  explicit FakeTransport(std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>());

  FakeTransport& reply(FakeReply reply);
  /// Called for each request, once the script is used up.
  void answer_with(std::function<FakeReply(const SentRequest&)> answer);

  [[nodiscard]] std::vector<SentRequest> requests() const;
  /// Most requests that were under way at once.
  [[nodiscard]] std::size_t most_in_flight() const;
  /// The deviations from the script. A test should require that this is empty.
  [[nodiscard]] std::string problems() const;
  [[nodiscard]] const std::shared_ptr<FakeClock>& clock() const noexcept { return clock_; }

  HttpResponse send(const HttpRequest& request, const TransferLimits& limits) override;
  std::unique_ptr<Channel> open(Clock& clock) override;

 private:
  class FakeChannel;
  [[nodiscard]] FakeReply next(const HttpRequest& request);

  std::shared_ptr<FakeClock> clock_;
  mutable std::mutex mutex_;
  std::vector<FakeReply> script_{};
  std::size_t used_ = 0;
  std::shared_ptr<std::function<FakeReply(const SentRequest&)>> answer_{};
  std::vector<SentRequest> requests_{};
  std::size_t in_flight_ = 0;
  std::size_t most_in_flight_ = 0;
  std::string unexpected_{};
};

}  // namespace cloudflare::testing
