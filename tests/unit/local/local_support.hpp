// Drives the embedded store's one entry with plain HTTP requests, without the SDK.
#pragma once

#include <cloudflare/testing/fake_clock.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/encode.hpp"
#include "local/http/request.hpp"
#include "local/service.hpp"
#include "support/catch.hpp"
#include "support/system.hpp"

namespace cloudflare_tests {

using Json = nlohmann::json;
using support::TemporaryFolder;

struct Answer {
  int status = 0;
  std::vector<cloudflare::Header> headers{};
  std::string body{};

  [[nodiscard]] Json json() const { return Json::parse(body, nullptr, false); }
  /// `result` of a success.
  [[nodiscard]] Json result() const {
    INFO(body);
    REQUIRE(json().value("success", false));
    CHECK(status / 100 == 2);
    return json().at("result");
  }
  [[nodiscard]] int code() const {
    INFO(body);
    REQUIRE_FALSE(json().at("success").get<bool>());
    return json().at("errors").at(0).at("code").get<int>();
  }
  [[nodiscard]] std::string message() const { return json().at("errors").at(0).at("message").get<std::string>(); }
  [[nodiscard]] std::string header(std::string_view name) const {
    const std::string* found = cloudflare::find_header(headers, name);
    return found == nullptr ? std::string() : *found;
  }
};

struct LocalOptions {
  std::string folder{};
  bool rate_limits = false;
  std::chrono::seconds vectorize_delay{0};
  std::string token{};
  std::string email{};
  std::string api_key{};
};

class LocalApi {
 public:
  explicit LocalApi(const LocalOptions& options = LocalOptions())
      : service(options.folder, {.clock = clock,
                                 .rate_limits = options.rate_limits,
                                 .vectorize_delay = options.vectorize_delay,
                                 .token = options.token,
                                 .email = options.email,
                                 .api_key = options.api_key}) {}

  /// `path` follows /client/v4.
  Answer call(std::string method, const std::string& path, cloudflare::Body body = {},
              std::vector<cloudflare::Header> headers = {{"authorization", "Bearer token"}}) {
    return send({.method = std::move(method),
                 .url = "http://127.0.0.1:8787/client/v4" + path,
                 .headers = std::move(headers),
                 .body = std::move(body)});
  }
  Answer send(const cloudflare::HttpRequest& request) {
    cloudflare::HttpResponse response = service.send(request, {});
    return {response.status, std::move(response.headers), std::move(response.body)};
  }
  /// `path` follows the account.
  Answer account(std::string method, const std::string& path, cloudflare::Body body = {}) {
    return call(std::move(method), "/accounts/local" + path, std::move(body));
  }
  Answer account_json(std::string method, const std::string& path, const Json& body) {
    return account(std::move(method), path, body.dump());
  }

  /// What time it is for the store, in Unix seconds.
  [[nodiscard]] std::int64_t now() const { return clock->wall().time_since_epoch().count(); }

  std::shared_ptr<cloudflare::testing::FakeClock> clock = std::make_shared<cloudflare::testing::FakeClock>();
  cloudflare::local::Service service;
};

inline std::string encoded(std::string_view text) {
  std::string out;
  cloudflare::detail::append_percent_encoded(out, text);
  return out;
}

}  // namespace cloudflare_tests
