#include <cloudflare/local.hpp>

#include "contract/edgebase.hpp"
#include "support/miniflare.hpp"

namespace contract {

namespace {

using cloudflare::HttpRequest;
using cloudflare::HttpResponse;
using cloudflare::edgebase::Client;
using cloudflare::edgebase::ServiceKey;
using cloudflare_tests::Miniflare;

class EdgeBaseInStore final : public EdgeBase {
 public:
  EdgeBaseInStore() {
    cloud_.serve_edgebase({.service_key = "test-service-key",
                           .kv = {"cache", "unbound"},
                           .d1 = {"analytics", "unbound"},
                           .vectorize = {{.name = "docs", .dimensions = 3, .metric = "euclidean"}}});
    // Both stores named `unbound` are declared and created, then removed behind EdgeBase's back.
    const auto account = cloud_.client();
    account.kv_namespaces().remove(account.kv_namespaces().find("unbound").value().id);
    account.request(
        "DELETE", "/accounts/local/d1/database/" +
                      account.request("GET", "/accounts/local/d1/database?name=unbound")[0]["uuid"].get<std::string>());
  }
  Client client(const std::string& key) override { return {url(), ServiceKey(key), {.transport = cloud_.transport()}}; }
  HttpResponse send(const HttpRequest& request) override { return cloud_.transport()->send(request, {}); }
  std::string url() override { return "http://127.0.0.1"; }

 private:
  cloudflare::local::Cloudflare cloud_{};
};

class EdgeBaseOnEngines final : public EdgeBase {
 public:
  Client client(const std::string& key) override { return {url(), ServiceKey(key)}; }
  HttpResponse send(const HttpRequest& request) override {
    return cloudflare::make_curl_transport({})->send(request, {});
  }
  std::string url() override { return server_.edgebase_url(); }

 private:
  Miniflare server_{};
};

}  // namespace

std::string EdgeBase::fresh(const std::string& prefix) {
  static int count = 0;
  return prefix + std::to_string(++count) + "_";
}

template <>
EdgeBase* open_edgebase<Embedded>(std::string*) {
  static EdgeBaseInStore server;
  return &server;
}

template <>
EdgeBase* open_edgebase<Real>(std::string* why) {
  if (!Miniflare::available(why)) return nullptr;
  static EdgeBaseOnEngines server;
  return &server;
}

}  // namespace contract
