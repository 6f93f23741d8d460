// Endpoints that the library has no operations for, and credentials that change.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <cloudflare/wrangler.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace cf = cloudflare;

int main() {
  cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  for (const char* title : {"a", "b", "c"}) client.kv_namespaces().create(title);

  // [pages]
  std::vector<std::string> titles;
  for (const cf::JsonText& item : client.list("/accounts/local/storage/kv/namespaces?per_page=2"))
    titles.push_back(item.as<nlohmann::json>().at("title").get<std::string>());
  // [/pages]

  auto fake = std::make_shared<cf::testing::FakeTransport>();
  fake->reply({.body = R"({"data":{"viewer":{"zones":[]}},"errors":null})"}).reply({.status = 404, .body = "<html>"});
  const cf::ApiClient other(cf::ApiToken("token"),
                            {.account_id = "account", .transport = fake, .clock = fake->clock()});

  // [raw]
  const std::string query = R"({"query":"{ viewer { zones { zoneTag } } }"})";
  // A query is a POST that changes nothing, so it may be repeated.
  const cf::RawReply reply = other.with({.replay_safe = true}).request_raw("POST", "/graphql", query);
  const auto data = cf::JsonText::raw(reply.body).as<nlohmann::json>();
  if (!data.at("errors").is_null()) std::cerr << data.at("errors").dump() << '\n';

  const int status = other.request_raw("GET", "/zones/unknown", "", {.any_status = true}).status;  // no Error
  // [/raw]

  const std::string path = "any_endpoint.token";
  std::ofstream(path) << "token\n";
  const cf::ClientOptions options{.account_id = "account"};
  // [token_file]
  cf::ApiClient rotating{cf::token_file(path), options};  // read again when the file has changed
  // [/token_file]
  std::remove(path.c_str());
  try {
    // [wrangler]
    cf::ApiClient developer{cf::wrangler_login(), options};  // the login of `wrangler login` on this machine
    // [/wrangler]
  } catch (const cf::Error& error) {
    std::cerr << error.what() << '\n';  // no home folder
  }
  return titles.size() == 3 && data.contains("data") && status == 404 && fake->problems().empty() ? 0 : 1;
}
