#pragma once

// EdgeBase over a script of replies.

#include <cloudflare/edgebase.hpp>

#include "../engine/core_support.hpp"

namespace edgebase_tests {

using namespace core_tests;
using cf::testing::SentRequest;
using nlohmann::json;
namespace edgebase = cf::edgebase;

inline constexpr const char* key = "jb_7_very-secret";

/// A success: the body as it is, without an envelope.
inline FakeReply bare(std::string body) { return {.status = 200, .body = std::move(body)}; }
/// An error as EdgeBase sends it.
inline FakeReply refusal(int status, const std::string& message) {
  return {.status = status, .body = json{{"code", status}, {"message", message}}.dump()};
}

struct Server {
  std::shared_ptr<FakeTransport> fake = std::make_shared<FakeTransport>();

  explicit Server(std::initializer_list<FakeReply> replies = std::initializer_list<FakeReply>()) {
    for (const FakeReply& reply : replies) fake->reply(reply);
  }
  [[nodiscard]] edgebase::Client client(cf::ClientOptions options = cf::ClientOptions()) const {
    options.transport = fake;
    options.clock = fake->clock();
    return {"https://edge.example", edgebase::ServiceKey(key), std::move(options)};
  }
  [[nodiscard]] edgebase::KvNamespace kv() const { return client().kv("cache"); }
  [[nodiscard]] edgebase::D1Database d1() const { return client().d1("analytics"); }
  [[nodiscard]] edgebase::VectorizeIndex docs(int dimensions = 0) const {
    return client().vectorize("docs", dimensions);
  }
  [[nodiscard]] std::size_t count() const { return fake->requests().size(); }
  /// The body of the n-th request.
  [[nodiscard]] json body(std::size_t n = 0) const { return json::parse(fake->requests().at(n).body); }
};

/// Checks that `call` is refused before any request, with a message that holds `text`.
template <class Call>
void refuses(const Server& s, Call call, std::string_view text) {
  const auto error = error_of(call);
  INFO(error.what());
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(error.attempts() == 0);
  CHECK(std::string_view(error.what()).find(text) != std::string_view::npos);
  CHECK(s.count() == 0);
}

}  // namespace edgebase_tests
