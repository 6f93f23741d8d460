// The transport against nginx: TLS, HTTP/2, gzip, connections.

#include <atomic>
#include <set>
#include <thread>

#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/nginx.hpp"

using namespace http_test;
using support::Nginx;

namespace {

cf::ApiClient client_of(const Nginx& nginx, const std::function<void(cf::ClientOptions&)>& change = nullptr) {
  cf::ClientOptions options = fast(nginx.url());
  options.ca_file = nginx.ca_file();
  if (change) change(options);
  return cf::ApiClient(cf::ApiToken(token), options);
}

std::set<std::string> connections(const std::vector<Nginx::Logged>& log) {
  std::set<std::string> all;
  for (const auto& one : log) all.insert(one.connection);
  return all;
}

}  // namespace

TEST_CASE("a certificate of an unknown authority fails, at once and for every class, and no request is made") {
  FaultServer upstream;
  Nginx nginx({.upstream = upstream.origin()});
  const auto client = client_of(nginx, [](cf::ClientOptions& o) { o.ca_file.clear(); });
  for (const auto& error :
       {error_of([&] { (void)client.kv("ns").get("k"); }), error_of([&] { client.kv_namespaces().create("t"); })}) {
    CHECK(error.kind() == cf::ErrorKind::tls);
    CHECK_FALSE(error.outcome_unknown());
    CHECK(error.attempts() == 1);
  }
  CHECK(upstream.connections() == 0);
}

TEST_CASE("the CA file option makes the authority known") {
  FaultServer upstream;
  upstream.on_request([](const Recorded&) { return reply(200, "value"); });
  Nginx nginx({.upstream = upstream.origin()});
  CHECK(client_of(nginx).kv("ns").get("k") == "value");
  CHECK(upstream.requests().size() == 1);
}

TEST_CASE("a certificate for another name fails, though its authority is known") {
  FaultServer upstream;
  Nginx nginx({.upstream = upstream.origin(), .names = "DNS:elsewhere.example"});
  CHECK(error_of([&] { (void)client_of(nginx).kv("ns").get("k"); }).kind() == cf::ErrorKind::tls);
  CHECK(upstream.connections() == 0);
}

TEST_CASE("a CA file that is missing or holds no certificate is an error that shows no value") {
  FaultServer upstream;
  Nginx nginx({.upstream = upstream.origin()});
  const support::TemporaryFolder folder;
  support::write_file(folder.file("empty.pem"), "no certificate\n");
  for (const char* name : {"missing.pem", "empty.pem"}) {
    const auto error = error_of([&] {
      (void)client_of(nginx, [&](cf::ClientOptions& o) { o.ca_file = folder.file(name); }).kv("ns").get("k");
    });
    CHECK((error.kind() == cf::ErrorKind::tls || error.kind() == cf::ErrorKind::invalid_argument));
    CHECK(upstream.connections() == 0);
  }
}

TEST_CASE("a bulk call with 8 in flight over HTTP/2 uses one connection") {
  FaultServer upstream;
  upstream.on_request([seen = 0u](const Recorded&) mutable {
    Answer answer = success(R"({"successful_key_count":1,"unsuccessful_keys":[]})");
    answer.hold_for = (seen++ / 8 + 1) * 8;  // no reply before eight requests are there
    return answer;
  });
  Nginx nginx({.upstream = upstream.origin()});
  std::vector<cf::kv::Entry> entries;
  for (int i = 0; i < 40; ++i) entries.push_back({.key = "k" + std::to_string(i), .value = std::string(700, 'v')});
  const auto result = client_of(nginx).kv("ns").put_many(entries, {.in_flight = 8, .max_request_bytes = 1000});
  CHECK(result.complete());
  CHECK(result.succeeded == 40);
  CHECK(result.requests == 40);

  const auto log = nginx.stop();
  REQUIRE(log.size() == 40);
  for (const auto& one : log) CHECK(one.protocol == "HTTP/2.0");
  CHECK(connections(log).size() == 1);
}

TEST_CASE("blocking calls of many threads reuse warm connections, also those of threads that have ended") {
  for (const bool http2 : {true, false}) {
    FaultServer upstream;
    upstream.on_request([](const Recorded&) { return reply(200, "value"); });
    Nginx nginx({.upstream = upstream.origin(), .http2 = http2});
    const auto client = client_of(nginx);
    std::atomic<int> wrong{0};
    for (int wave = 0; wave < 3; ++wave) {
      std::vector<std::thread> threads;
      for (int t = 0; t < 6; ++t)
        threads.emplace_back([&] {
          for (int i = 0; i < 10; ++i) wrong += client.kv("ns").checked().get("k").value_or(std::nullopt) != "value";
        });
      for (std::thread& thread : threads) thread.join();
    }
    CHECK(wrong == 0);
    const auto log = nginx.stop();
    CHECK(log.size() == 180);
    CHECK(connections(log).size() <= 6);
    for (const auto& one : log) CHECK(one.protocol == (http2 ? "HTTP/2.0" : "HTTP/1.1"));
  }
}

TEST_CASE("a server that ends its connections every few requests loses nothing and gets nothing twice") {
  FaultServer upstream;
  upstream.on_request([](const Recorded& r) {
    return r.method == "POST" ? success(R"({"id":"n1","title":"t"})")
                              : success(R"({"successful_key_count":1,"unsuccessful_keys":[]})");
  });
  for (const bool http2 : {true, false}) {
    Nginx nginx({.upstream = upstream.origin(), .http2 = http2, .more = "keepalive_requests 3;"});
    const auto client = client_of(nginx);
    const std::size_t before = upstream.requests().size();
    for (int i = 0; i < 20; ++i) CHECK(client.kv_namespaces().create("t").id == "n1");
    std::vector<cf::kv::Entry> entries;
    for (int i = 0; i < 40; ++i) entries.push_back({.key = "k" + std::to_string(i), .value = std::string(700, 'v')});
    CHECK(client.kv("ns").put_many(entries, {.in_flight = 8, .max_request_bytes = 1000}).succeeded == 40);
    const auto seen = upstream.requests();
    CHECK(std::count_if(seen.begin() + static_cast<std::ptrdiff_t>(before), seen.end(),
                        [](const Recorded& r) { return r.method == "POST"; }) == 20);
    CHECK(connections(nginx.stop()).size() > 1);
  }
}

TEST_CASE("a gzip reply is decoded") {
  FaultServer upstream;
  std::string value;
  for (int i = 0; i < 20'000; ++i) value += std::to_string(i) + ',';
  upstream.on_request([=](const Recorded& r) {
    return r.target.find("/values/") != std::string::npos ? reply(200, value) : success(R"([{"name":"a"}])");
  });
  Nginx nginx({.upstream = upstream.origin(), .gzip = true});
  const support::TemporaryFolder folder;
  const auto kv = client_of(nginx).kv("ns");
  CHECK(kv.get("k") == value);
  CHECK(kv.list_page().keys.size() == 1);
  CHECK(kv.get_to_file("k", folder.file("f"))->size == value.size());
  CHECK(support::read_file(folder.file("f")) == value);
  const auto log = nginx.stop();
  REQUIRE(log.size() == 3);
  for (const auto& one : log) CHECK(one.encoding == "gzip");
}
