#pragma once

// A transport in front of another that spoils a share of the requests, the same ones for the same seed.

#include <cloudflare/http/transport.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace bulk_tests {

class FaultyTransport final : public cloudflare::Transport {
 public:
  enum class Fault { left_out, too_large, timeout_before, timeout_after, cut_before, cut_after, throttled };

  FaultyTransport(std::shared_ptr<cloudflare::Transport> inner, unsigned seed, double share)
      : inner_(std::move(inner)), random_(seed), share_(share) {}

  cloudflare::HttpResponse send(const cloudflare::HttpRequest& request,
                                const cloudflare::TransferLimits& limits) override;

  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  /// How often each fault was shown.
  [[nodiscard]] const std::map<Fault, std::uint64_t>& shown() const { return shown_; }

 private:
  cloudflare::HttpResponse with_items_left_out(const cloudflare::HttpRequest& request,
                                               const cloudflare::TransferLimits& limits);
  bool chance(double share) { return std::uniform_real_distribution<double>(0, 1)(random_) < share; }

  std::shared_ptr<cloudflare::Transport> inner_;
  std::mt19937 random_;
  double share_;
  std::uint64_t requests_ = 0;
  std::map<Fault, std::uint64_t> shown_{};
};

}  // namespace bulk_tests
