#pragma once

// A Vectorize index over a script of replies.

#include <cloudflare/vectorize.hpp>
#include <cloudflare/vectorize/ndjson.hpp>

#include "../engine/core_support.hpp"

namespace vectorize_tests {

using namespace core_tests;
using cf::testing::SentRequest;
using cf::vectorize::Vector;
using nlohmann::json;

inline const std::string vectorize_path = "https://api.cloudflare.com/client/v4/accounts/acc/vectorize/v2/indexes";

inline cf::VectorizeIndex index_of(const Scripted& s, int dimensions = 0) {
  return s.client().vectorize("docs", dimensions);
}

/// "METHOD url" of the only request of a script that was used up.
inline std::string line(const Scripted& s) {
  CHECK(s.fake->problems().empty());
  REQUIRE(s.count() == 1);
  const SentRequest sent = s.fake->requests()[0];
  return sent.method + ' ' + sent.url;
}
inline std::string body(const Scripted& s) { return s.fake->requests().at(0).body; }
inline std::string type(const Scripted& s) { return s.fake->requests().at(0).header("Content-Type"); }

/// A reply that names a mutation, with the server's time of day.
inline FakeReply accepted(std::string_view mutation, std::string_view date = "") {
  FakeReply reply = ok(R"({"mutationId":")" + std::string(mutation) + "\"}");
  if (!date.empty()) reply.headers.push_back({"Date", std::string(date)});
  return reply;
}

/// Checks that `call` is refused before any request, with a message that holds `text`.
template <class Call>
void refuses(const Scripted& s, Call call, std::string_view text) {
  const auto error = error_of(call);
  INFO(error.what());
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(error.attempts() == 0);
  CHECK_FALSE(error.outcome_unknown());
  CHECK(std::string_view(error.what()).find(text) != std::string_view::npos);
  CHECK(s.count() == 0);
}

inline std::vector<Vector> numbered(int count, std::vector<float> values = {1, 2}) {
  std::vector<Vector> vectors;
  for (int i = 0; i < count; ++i) vectors.push_back({.id = "v" + std::to_string(i), .values = values});
  return vectors;
}

/// The text of a date header, `seconds` after the fake server's first.
inline std::string date(int seconds) { return "Tue, 15 Nov 1994 08:12:" + std::to_string(10 + seconds) + " GMT"; }
inline std::chrono::sys_seconds date_time(int seconds) {
  return std::chrono::sys_days(std::chrono::year(1994) / 11 / 15) + std::chrono::hours(8) + std::chrono::minutes(12) +
         std::chrono::seconds(10) + std::chrono::seconds(seconds);
}

}  // namespace vectorize_tests
