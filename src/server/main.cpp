// cloudflare-local: Workers KV, D1 and Vectorize on this machine, over HTTP, for every language.

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <cloudflare/local.hpp>
#include <cloudflare/version.hpp>

#include "server/server.hpp"

namespace {

namespace cf = cloudflare;

std::string made_up_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 40; ++i) token += "0123456789abcdef"[random() % 16];
  return token;
}

// NAME:DIMENSIONS:METRIC
cf::local::EdgeBaseIndex index_of(const std::string& text) {
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  cf::local::EdgeBaseIndex index{.name = text.substr(0, first), .metric = text.substr(second + 1)};
  if (first != std::string::npos && second != std::string::npos) {
    const char* const end = text.data() + second;
    const auto [stop, failed] = std::from_chars(text.data() + first + 1, end, index.dimensions);
    if (failed == std::errc() && stop == end) return index;
  }
  throw cf::invalid_argument("--edgebase-vectorize " + text + " must be NAME:DIMENSIONS:METRIC, like docs:768:cosine");
}

// The limits of the server that its user may want to change.
void add_limits(CLI::App& app, cf::server::ServerLimits& limits) {
  const auto seconds = [&app](const char* name, std::chrono::seconds& limit, const char* text) {
    app.add_option_function<int>(
           name, [&limit](int given) { limit = std::chrono::seconds(given); }, text)
        ->check(CLI::Range(1, 86'400))
        ->default_str(std::to_string(limit.count()));
  };
  const auto bytes = [&app](const char* name, std::uint64_t& limit, const char* text) {
    app.add_option(name, limit, text)->check(CLI::PositiveNumber)->capture_default_str();
  };
  app.add_option("--max-connections", limits.connections, "connections at once; one more is answered 503")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  seconds("--idle-time", limits.idle, "seconds a connection may wait for its next request");
  seconds("--stall-time", limits.stall, "seconds for a head to arrive, and for a body or reply that does not move");
  seconds("--body-time", limits.body, "seconds for a whole body or reply");
  bytes("--least-rate", limits.least_rate, "bytes a second of a body or reply, on average after --stall-time");
  bytes("--body-memory", limits.memory, "bytes of bodies in memory, of all connections; others wait on disk");
  bytes("--body-disk", limits.disk, "bytes of bodies in temporary files, of all connections; more is answered 507");
  seconds("--end-time", limits.ending, "seconds that requests under way get after SIGTERM");
}

bool is_loopback(const std::string& host) { return host.starts_with("127.") || host == "::1"; }

int run(int argc, char** argv) {
  CLI::App app{"Workers KV, D1 and Vectorize on this machine: the v4 REST API over an embedded store."};
  cf::server::ServerSettings server{.port = 8787};
  cf::local::CloudflareOptions store;
  std::string folder;
  bool remote = false, quiet = false, verbose = false;
  app.set_version_flag("--version", "cloudflare-local 0.1.0");
  app.add_option("--port", server.port, "TCP port; 0 takes any that is free")->capture_default_str();
  app.add_option("--host", server.host, "address to listen on")->capture_default_str();
  app.add_flag("--allow-remote", remote, "lets --host be an address that other machines reach");
  app.add_option("--allow-host", server.allowed_hosts,
                 "NAME or NAME:PORT that requests and web pages may use for this server; may be given several times");
  app.add_option("--account", store.account_id, "account id")->capture_default_str();
  app.add_option("--token", store.token, "API token to accept; generated and printed if no credential is given");
  auto* email = app.add_option("--email", store.email, "e-mail address to accept, with --key");
  auto* key = app.add_option("--key", store.api_key, "API key to accept, with --email");
  email->needs(key);
  key->needs(email);
  app.add_option("--data", folder, "folder to keep everything in; without it everything is lost when the server ends");
  cf::local::EdgeBaseOptions edgebase;
  std::vector<std::string> indexes;
  auto* service_key = app.add_option("--service-key", edgebase.service_key,
                                     "service key to accept; serves EdgeBase's routes under /api");
  app.add_option("--edgebase-kv", edgebase.kv, "KV namespace of EdgeBase; may be given several times")
      ->needs(service_key);
  app.add_option("--edgebase-d1", edgebase.d1, "D1 database of EdgeBase; may be given several times")
      ->needs(service_key);
  app.add_option("--edgebase-vectorize", indexes,
                 "NAME:DIMENSIONS:METRIC of a Vectorize index of EdgeBase; may be given several times")
      ->needs(service_key);
  std::int64_t delay = 0;
  app.add_option("--mutation-delay", delay,
                 "milliseconds until a change to a Vectorize index is visible, rounded up to seconds")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{86'400'000}))
      ->capture_default_str();
  app.add_flag("--rate-limit", store.rate_limits, "refuses requests that exceed Cloudflare's rate limits");
  auto* cert =
      app.add_option("--cert", server.certificate, "PEM file of a TLS certificate chain")->check(CLI::ExistingFile);
  auto* cert_key =
      app.add_option("--cert-key", server.certificate_key, "PEM file of its key")->check(CLI::ExistingFile);
  cert->needs(cert_key);
  cert_key->needs(cert);
  add_limits(app, server.limits);
  auto* quiet_flag = app.add_flag("--quiet", quiet, "logs nothing");
  app.add_flag("--verbose", verbose, "logs bodies as well, without secrets")->excludes(quiet_flag);
  CLI11_PARSE(app, argc, argv);
  if (!remote && !is_loopback(server.host))
    throw cf::invalid_argument("--host " + server.host +
                               " is not a loopback address: add --allow-remote if others may reach it");

  store.vectorize_delay = std::chrono::ceil<std::chrono::seconds>(std::chrono::milliseconds(delay));
  for (const std::string& index : indexes) edgebase.vectorize.push_back(index_of(index));
  const bool made_up = store.token.empty() && store.api_key.empty();
  if (made_up) store.token = made_up_token();
  cf::local::Cloudflare cloud = folder.empty() ? cf::local::Cloudflare(store) : cf::local::Cloudflare(folder, store);
  if (service_key->count() != 0) cloud.serve_edgebase(edgebase);
  const auto level = quiet     ? cf::server::LogDetail::quiet
                     : verbose ? cf::server::LogDetail::bodies
                               : cf::server::LogDetail::requests;
  std::vector<std::string> secrets;
  for (const std::string& secret : {store.token, store.api_key, edgebase.service_key})
    if (!secret.empty()) secrets.push_back(secret);
  cf::server::Budgets budgets{.memory = cf::server::Budget(server.limits.memory),
                              .disk = cf::server::Budget(server.limits.disk)};
  cf::server::Gateway gateway(cloud, budgets, level, std::move(secrets));
  cf::server::serve(server, gateway, [&](const std::string& origin) {
    std::cout << "ready " << origin << "/client/v4\n";
    if (made_up) std::cout << "token " << store.token << '\n';
    std::cout.flush();
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const cf::Error& error) {
    std::cerr << "cloudflare-local: " << error.details().text << '\n';
  } catch (const std::exception& error) {
    std::cerr << "cloudflare-local: " << error.what() << '\n';
  }
  return 1;
}
