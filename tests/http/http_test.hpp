#pragma once
// What the tests of the real HTTP transport share: a client with short limits against the fault server, and envelopes.

#include <cloudflare/cloudflare.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "support/fault_server.hpp"

namespace http_test {

namespace cf = cloudflare;
using namespace std::literals;
using support::Answer;
using support::FaultServer;
using support::Framing;
using support::Recorded;
using support::Stop;

inline constexpr const char* token = "token-of-the-tests-0123456789";
inline constexpr const char* ray = "8f00ba11feed0001-OSL";

/// Three attempts with pauses of a millisecond. The time limits are long; a test about a limit sets its own.
inline cf::ClientOptions fast(const std::string& base_url) {
  cf::ClientOptions options;
  options.account_id = "acc";
  options.base_url = base_url;
  options.timeout = 20s;
  options.connect_timeout = 5s;
  options.stall_timeout = 15s;
  options.max_attempts = 3;
  options.backoff_base = 1ms;
  options.backoff_cap = 2ms;
  return options;
}

inline cf::ApiClient client_of(const FaultServer& server,
                               const std::function<void(cf::ClientOptions&)>& change = nullptr) {
  cf::ClientOptions options = fast(server.url());
  if (change) change(options);
  return cf::ApiClient(cf::ApiToken(token), options);
}

/// A reply as Cloudflare's edge sends it, with a ray id.
inline Answer reply(int status, std::string body, std::string type = "application/json") {
  return {.status = status, .headers = {{"Content-Type", std::move(type)}, {"CF-RAY", ray}}, .body = std::move(body)};
}

inline Answer success(std::string_view result) {
  return reply(200, R"({"success":true,"errors":[],"messages":[],"result":)" + std::string(result) + "}");
}

inline Answer failure(int status, int code, std::string_view message) {
  return reply(status, R"({"success":false,"errors":[{"code":)" + std::to_string(code) + R"(,"message":")" +
                           std::string(message) + R"("}],"messages":[],"result":null})");
}

inline Answer with_header(Answer answer, std::string name, std::string value) {
  answer.headers.emplace_back(std::move(name), std::move(value));
  return answer;
}

inline constexpr const char* html =
    "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Error 502</h1></body></html>";

/// The Error that `call` throws; a test failure if it returns.
template <class Call>
cf::Error error_of(Call&& call) {
  try {
    call();
  } catch (const cf::Error& error) {
    return error;
  }
  throw std::runtime_error("the call succeeded where an error was expected");
}

inline std::chrono::milliseconds since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace http_test
