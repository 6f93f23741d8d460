#pragma once

// A transport that only counts, and pairs that are made while they are read.

#include <algorithm>
#include <cloudflare/kv.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "support/numbered.hpp"

namespace bench {

namespace cf = cloudflare;
using cloudflare_tests::Numbered;

/// Answers every request with the same text.
class CountingTransport final : public cf::Transport {
 public:
  std::function<std::string(const cf::HttpRequest&)> answer = [](const auto&) { return envelope("null"); };
  std::uint64_t requests = 0;
  std::size_t largest = 0;

  cf::HttpResponse send(const cf::HttpRequest& request, const cf::TransferLimits&) override {
    ++requests;
    largest = std::max(largest, request.body.text().size());
    return {.status = 200, .body = answer(request)};
  }
  static std::string envelope(std::string_view result) {
    return R"({"success":true,"errors":[],"messages":[],"result":)" + std::string(result) + "}";
  }
};

inline cf::ApiClient client_over(std::shared_ptr<cf::Transport> transport) {
  return cf::ApiClient(cf::ApiToken("token"), {.account_id = "acc", .transport = std::move(transport)});
}

inline auto keys(std::uint64_t count) {
  return Numbered(count, [](std::uint64_t i) { return "key-" + std::to_string(i); });
}
inline auto pairs(std::uint64_t count, std::size_t bytes = 100) {
  return Numbered(count, [value = std::string(bytes, 'v')](std::uint64_t i) {
    return std::pair("key-" + std::to_string(i), value);
  });
}

}  // namespace bench
