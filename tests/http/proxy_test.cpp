// The variables that name proxies: obeyed, but never for loopback.

#include <cloudflare/clock.hpp>

#include <cstdlib>

#include "http/http_test.hpp"
#include "http/resolver.hpp"
#include "support/catch.hpp"
#include "support/nginx.hpp"

using namespace http_test;
using support::Nginx;

namespace {

/// Sets a variable of the environment and puts the old value back.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Variable() { set(old_ ? old_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const { value != nullptr ? ::setenv(name_, value, 1) : ::unsetenv(name_); }
  const char* name_;
  std::optional<std::string> old_{};
};

/// Names `proxy` as the proxy for everything, and no exception.
struct Everywhere {
  explicit Everywhere(const std::string& proxy)
      : http("http_proxy", proxy.c_str()), https("https_proxy", proxy.c_str()), all("all_proxy", proxy.c_str()) {}
  Variable none{"no_proxy", nullptr}, none_either{"NO_PROXY", nullptr};
  Variable http, https, all;
};

cf::ApiClient client_of(const std::string& base_url, const std::string& ca_file = "") {
  cf::ClientOptions options = fast(base_url);
  options.allow_plain_http = true;
  options.ca_file = ca_file;
  return cf::ApiClient(cf::ApiToken(token), options);
}

}  // namespace

TEST_CASE("a proxy variable is obeyed over http") {
  FaultServer proxy;
  proxy.on_request([](const Recorded&) { return reply(200, "by proxy"); });
  const Everywhere set(proxy.origin());
  const auto kv = client_of("http://api.example:9/client/v4").kv("ns");
  CHECK(kv.get("k") == "by proxy");
  CHECK(kv.get("l") == "by proxy");
  const auto seen = proxy.requests();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].target == "http://api.example:9/client/v4/accounts/acc/storage/kv/namespaces/ns/values/k");
  CHECK(seen[1].target == "http://api.example:9/client/v4/accounts/acc/storage/kv/namespaces/ns/values/l");
}

TEST_CASE("a proxy variable is obeyed over https, and the proxy sees neither credential nor key") {
  FaultServer proxy, upstream;
  proxy.tunnel_connects();
  upstream.on_request([](const Recorded&) { return reply(200, "through the tunnel"); });
  Nginx nginx({.upstream = upstream.origin(), .names = "DNS:api.example"});
  const std::string authority = "api.example:" + std::to_string(nginx.port());
  const Everywhere set(proxy.origin());
  {
    const auto kv = client_of("https://" + authority + "/client/v4", nginx.ca_file()).kv("ns");
    CHECK(kv.get("key-SECRET") == "through the tunnel");
    CHECK(kv.get("key-SECRET") == "through the tunnel");
  }
  const auto seen = proxy.requests();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].method == "CONNECT");
  CHECK(seen[0].target == authority);
  CHECK(seen[0].count("Authorization") == 0);
  for (const auto& [name, value] : seen[0].headers) CHECK(value.find("SECRET") == std::string::npos);
  CHECK(upstream.requests().size() == 2);
  CHECK(upstream.requests().at(0).header("Authorization") == "Bearer "s + token);
}

TEST_CASE("no_proxy keeps a host from the proxy") {
  FaultServer proxy, server;
  server.on_request([](const Recorded&) { return reply(200, "direct"); });
  const Everywhere set(proxy.origin());
  const Variable except("no_proxy", support::known_host);
  const std::string port = server.origin().substr(server.origin().rfind(':'));
  CHECK(client_of("http://"s + support::known_host + port).kv("ns").get("k") == "direct");
  CHECK(proxy.connections() == 0);
}

TEST_CASE("loopback never goes to a proxy, neither over http nor over https, whatever the variables say") {
  FaultServer proxy, server;
  proxy.on_request([](const Recorded&) { return reply(200, "by proxy"); });
  proxy.tunnel_connects();
  server.on_request([](const Recorded&) { return reply(200, "direct"); });
  Nginx nginx({.upstream = server.origin(), .names = "IP:127.0.0.1,DNS:localhost,DNS:api.localhost"});
  const std::string port = server.origin().substr(server.origin().rfind(':'));
  for (const char* variable : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    for (const char* except : {static_cast<const char*>(nullptr), "", "elsewhere.example"}) {
      const Variable set(variable, proxy.origin().c_str()), one("no_proxy", except), other("NO_PROXY", except);
      for (const char* host : {"127.0.0.1", "127.1", "localhost", "LOCALHOST", "api.localhost"}) {
        INFO(variable << " without " << (except != nullptr ? except : "any") << ", " << host);
        const auto kv = client_of("http://"s + host + port).kv("ns");
        CHECK(kv.get("k") == "direct");
        CHECK_NOTHROW(kv.get("l"));
      }
      for (const char* host : {"127.0.0.1", "localhost"}) {
        INFO(variable << " without " << (except != nullptr ? except : "any") << ", " << host);
        CHECK(client_of("https://"s + host + ":" + std::to_string(nginx.port()), nginx.ca_file()).kv("ns").get("k") ==
              "direct");
      }
    }
  CHECK(proxy.connections() == 0);
}

TEST_CASE("a channel sends directly to loopback and through the proxy to other hosts, in any order") {
  FaultServer proxy, server;
  for (FaultServer* one : {&proxy, &server}) one->on_request([](const Recorded& r) { return reply(200, r.target); });
  const Everywhere set(proxy.origin());
  const auto channel = cf::make_curl_transport()->open(*cf::Clock::system());
  unsigned ticket = 0;
  const auto target_of = [&](const std::string& url, const std::string& method) {
    channel->start(++ticket, std::make_shared<const cf::HttpRequest>(cf::HttpRequest{.method = method, .url = url}),
                   {});
    return channel->wait(cf::TimePoint::max())->reply->body;
  };
  for (const char* method : {"GET", "DELETE", "GET", "GET"}) {
    CHECK(target_of(server.origin() + "/a", method) == "/a");
    CHECK(target_of(server.origin() + "/b", method) == "/b");
    CHECK(target_of("http://api.example/c", method) == "http://api.example/c");
    CHECK(target_of("http://api.example/d", method) == "http://api.example/d");
    CHECK(target_of(server.origin() + "/e", method) == "/e");
  }
  CHECK(server.requests().size() == 12);
  CHECK(proxy.requests().size() == 8);
}
