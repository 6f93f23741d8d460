#pragma once

// The embedded store behind the fault server: replies of a real engine, lost or spoiled on real sockets.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <string>

#include "http/http_test.hpp"

namespace d1_tests {

namespace cf = cloudflare;

class StoreServer {
 public:
  StoreServer() : id(cloud.client().d1_databases().create("test").uuid) {}

  /// Lets the store execute a request as it arrived.
  [[nodiscard]] support::Answer execute(const support::Recorded& recorded) const {
    cf::HttpRequest request{.method = recorded.method, .url = server.origin() + recorded.target, .body = recorded.body};
    for (const auto& [name, value] : recorded.headers) request.headers.push_back({name, value});
    cf::HttpResponse response = cloud.transport()->send(request, {});
    support::Answer answer{.status = response.status, .body = std::move(response.body)};
    for (cf::Header& header : response.headers) answer.headers.emplace_back(header.name, header.value);
    return answer;
  }
  [[nodiscard]] cf::D1Database db(const std::function<void(cf::ClientOptions&)>& change = nullptr) const {
    return http_test::client_of(server,
                                [&](cf::ClientOptions& options) {
                                  options.account_id = cloud.account_id();
                                  if (change) change(options);
                                })
        .d1(id);
  }
  /// The same database, without HTTP.
  [[nodiscard]] cf::D1Database direct() const { return cloud.client().d1(id); }

  cf::local::Cloudflare cloud{};
  std::string id;
  support::FaultServer server{};
};

}  // namespace d1_tests
