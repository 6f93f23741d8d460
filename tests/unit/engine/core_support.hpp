#pragma once

// A client over a script of replies and a clock that jumps.

#include <cloudflare/kv.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <memory>
#include <optional>
#include <string>

#include "support/catch.hpp"

namespace core_tests {

namespace cf = cloudflare;
using cf::testing::cut;
using cf::testing::FakeReply;
using cf::testing::FakeTransport;
using cf::testing::no_connection;
using cf::testing::ok;
using cf::testing::refused;

struct Scripted {
  std::shared_ptr<FakeTransport> fake = std::make_shared<FakeTransport>();

  explicit Scripted(std::initializer_list<FakeReply> replies = std::initializer_list<FakeReply>()) {
    for (const FakeReply& reply : replies) fake->reply(reply);
  }
  [[nodiscard]] cf::ApiClient client(cf::ClientOptions options = cf::ClientOptions()) const {
    options.account_id = "acc";
    options.transport = fake;
    options.clock = fake->clock();
    return cf::ApiClient(cf::ApiToken("token"), std::move(options));
  }
  [[nodiscard]] cf::KvNamespace kv() const { return client().kv("ns"); }
  [[nodiscard]] std::size_t count() const { return fake->requests().size(); }
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

/// The reply to a bulk write of one pair.
inline cf::testing::FakeReply stored() { return ok(R"({"successful_key_count":1,"unsuccessful_keys":[]})"); }

}  // namespace core_tests
