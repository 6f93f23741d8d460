#pragma once

// A database of the embedded store behind a transport that records every request and may spoil any reply.

#include <algorithm>
#include <array>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/process.hpp"

namespace d1_tests {

namespace cf = cloudflare;
using namespace std::chrono_literals;
using cf::testing::cut;
using cf::testing::FakeReply;
using cf::testing::FakeTransport;
using cf::testing::refused;
using cf::testing::SentRequest;
using nlohmann::json;

using Names = std::vector<std::string>;

inline std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

/// What a request is for: "init", "upload", "ingest", "poll", "export", "download", or the last part of its path.
inline std::string action(const SentRequest& request) {
  const std::string path = without_query(request.url);
  if (path.find("/signed/") != std::string::npos) return request.method == "PUT" ? "upload" : "download";
  if (path.ends_with("/import")) return json::parse(request.body).at("action").get<std::string>();
  return path.substr(path.rfind('/') + 1);
}

class Engine {
 public:
  explicit Engine(cf::ClientOptions options = cf::ClientOptions())
      : fake(std::make_shared<FakeTransport>()), cloud_({.clock = fake->clock()}), options_(std::move(options)) {
    id = cloud_.client().d1_databases().create("test").uuid;
    fake->answer_with([this](const SentRequest& request) { return answer(request); });
  }

  [[nodiscard]] cf::ApiClient client() const {
    cf::ClientOptions options = options_;
    options.account_id = cloud_.account_id();
    options.transport = fake;
    options.clock = fake->clock();
    return cf::ApiClient(cf::ApiToken("secret-token"), std::move(options));
  }
  [[nodiscard]] cf::D1Database db() const { return client().d1(id); }
  /// The same database without the recording transport.
  [[nodiscard]] cf::D1Database direct() const { return cloud_.client().d1(id); }
  /// Another database of the same store.
  [[nodiscard]] cf::D1Database another(const std::string& name) const {
    return cloud_.client().d1(cloud_.client().d1_databases().create(name).uuid);
  }

  /// Answers the nth request (from 1) for `what` with `reply`, which the engine does not see.
  void instead(const std::string& what, int nth, FakeReply reply) { instead_[{what, nth}] = std::move(reply); }
  /// Lets the engine execute the nth request for `what` and loses or changes its reply.
  void after(const std::string& what, int nth, std::function<FakeReply(FakeReply)> change) {
    after_[{what, nth}] = std::move(change);
  }
  void lose(const std::string& what, int nth) {
    after(what, nth, [](const FakeReply&) { return cut(); });
  }

  [[nodiscard]] std::vector<std::string> actions() const {
    std::vector<std::string> list;
    for (const SentRequest& request : fake->requests()) list.push_back(action(request));
    return list;
  }
  [[nodiscard]] std::int64_t count(const std::string& table) const {
    return direct().query_value<std::int64_t>("SELECT count(*) FROM " + table).value();
  }

  std::shared_ptr<FakeTransport> fake;
  std::string id;

 private:
  FakeReply answer(const SentRequest& request) {
    const std::pair<std::string, int> key{action(request), ++seen_[action(request)]};
    if (const auto found = instead_.find(key); found != instead_.end()) return found->second;
    const cf::HttpResponse response = cloud_.transport()->send(
        {.method = request.method, .url = request.url, .headers = request.headers, .body = request.body}, {});
    FakeReply reply{.status = response.status, .body = response.body, .headers = response.headers};
    const auto change = after_.find(key);
    return change == after_.end() ? reply : change->second(std::move(reply));
  }

  cf::local::Cloudflare cloud_;
  cf::ClientOptions options_;
  std::map<std::string, int> seen_{};
  std::map<std::pair<std::string, int>, FakeReply> instead_{};
  std::map<std::pair<std::string, int>, std::function<FakeReply(FakeReply)>> after_{};
};

/// The error of a call that must fail.
template <class Call>
cf::Error error_of(Call call) {
  try {
    call();
  } catch (const cf::Error& error) {
    return error;
  }
  throw std::logic_error("the call succeeded where an error was expected");
}

inline bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Every request but those to signed URLs carries the credential, and those carry none.
inline void credentials_only_for_the_api(const Engine& engine) {
  for (const SentRequest& request : engine.fake->requests()) {
    INFO(request.method << ' ' << without_query(request.url));
    const bool to_signed_url = holds(request.url, "/signed/");
    CHECK(request.header("Authorization") == (to_signed_url ? "" : "Bearer secret-token"));
    for (const char* name : {"X-Auth-Email", "X-Auth-Key", "Cookie"}) CHECK(request.header(name).empty());
    for (const cf::Header& header : request.headers)
      if (to_signed_url) CHECK_FALSE(holds(header.value, "secret-token"));
    CHECK_FALSE(holds(request.url, "secret-token"));
  }
}

}  // namespace d1_tests
