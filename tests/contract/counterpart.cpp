#include "contract/counterpart.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include <cloudflare/local.hpp>

#include "support/miniflare.hpp"

namespace contract {

using cloudflare::ApiClient;
using cloudflare::ApiToken;
using cloudflare::ClientOptions;
using cloudflare::Credential;
using cloudflare_tests::Miniflare;

FreshNamespace::FreshNamespace(cloudflare::KvNamespaces owner, const std::string& id, cloudflare::KvNamespace handle)
    : owner_(std::move(owner)), id_(id), handle_(std::move(handle)) {}

FreshNamespace::~FreshNamespace() {
  const auto removed = owner_.checked().remove(id_);
  // Not worth a failed case, but worth knowing on a live account.
  if (!removed) std::cerr << "namespace " << id_ << " was left behind: " << removed.error().what() << '\n';
}

FreshDatabase::FreshDatabase(cloudflare::D1Databases owner, cloudflare::D1Database handle)
    : owner_(std::move(owner)), handle_(std::move(handle)) {}

FreshDatabase::~FreshDatabase() {
  const auto removed = owner_.checked().remove(handle_.id());
  if (!removed) std::cerr << "database " << handle_.id() << " was left behind: " << removed.error().what() << '\n';
}

std::string Counterpart::fresh_name() {
  std::string name = fresh_title();
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

FreshDatabase Counterpart::fresh_database(ClientOptions options) {
  const auto databases = account().d1_databases();
  return {databases, client(std::move(options)).d1(databases.create(fresh_name()).uuid)};
}

std::string Counterpart::fresh_title() {
  static const auto run = std::chrono::system_clock::now().time_since_epoch().count();
  static int count = 0;
  return "cloudflare-cpp contract " + std::to_string(run) + " " + std::to_string(++count);
}

FreshNamespace Counterpart::fresh_namespace() {
  const auto namespaces = account().kv_namespaces();
  const auto created = namespaces.create(fresh_title());
  return {namespaces, created.id, client().kv(created.id)};
}

namespace {

class EmbeddedStore final : public Counterpart {
 public:
  ApiClient client(ClientOptions options) override { return cloud_.client(std::move(options)); }
  ApiClient with_credential(Credential credential) override {
    ClientOptions options;
    options.account_id = cloud_.account_id();
    options.transport = cloud_.transport();
    return ApiClient(std::move(credential), std::move(options));
  }
  std::string account_path() override { return "/accounts/" + cloud_.account_id(); }

 private:
  cloudflare::local::Cloudflare cloud_{};
};

Miniflare& server() {
  static Miniflare running;
  return running;
}

std::string miniflare_account() { return std::string("/accounts/") + Miniflare::account_id; }

class Engine final : public Counterpart {
 public:
  ApiClient client(ClientOptions options) override { return at(ApiToken(Miniflare::token), std::move(options)); }
  ApiClient with_credential(Credential credential) override { return at(std::move(credential), ClientOptions()); }
  std::string account_path() override { return miniflare_account(); }

 private:
  static ApiClient at(Credential credential, ClientOptions options) {
    options.base_url = server().base_url();
    options.account_id = Miniflare::account_id;
    return ApiClient(std::move(credential), std::move(options));
  }
};

class LocalExplorer final : public Counterpart {
 public:
  ApiClient client(ClientOptions options) override {
    options.base_url = server().explorer_url();
    options.account_id = Miniflare::account_id;
    return ApiClient(ApiToken(Miniflare::token), std::move(options));
  }
  ApiClient account() override { return engine_.client({}); }
  ApiClient with_credential(Credential) override { throw std::logic_error("the explorer looks at no credential"); }
  std::string account_path() override { return miniflare_account(); }

 private:
  Engine engine_{};
};

class LiveAccount final : public Counterpart {
 public:
  ApiClient client(ClientOptions options) override { return ApiClient::from_env(std::move(options)); }
  ApiClient with_credential(Credential credential) override {
    ClientOptions options;
    options.account_id = id();
    return ApiClient(std::move(credential), std::move(options));
  }
  std::string account_path() override { return "/accounts/" + id(); }

 private:
  static std::string id() {
    const char* account = std::getenv("CLOUDFLARE_ACCOUNT_ID");
    return account != nullptr ? account : "";
  }
};

bool live() {
  const char* wanted = std::getenv("CLOUDFLARE_LIVE_TEST");
  return wanted != nullptr && std::string(wanted) == "1";
}

template <class T>
Counterpart* only() {
  static T counterpart;
  return &counterpart;
}

}  // namespace

template <>
Counterpart* open<Embedded>(std::string*) {
  return only<EmbeddedStore>();
}

template <>
Counterpart* open<Real>(std::string* why) {
  if (live()) return only<LiveAccount>();
  return Miniflare::available(why) ? only<Engine>() : nullptr;
}

template <>
Counterpart* open<Explorer>(std::string* why) {
  return Miniflare::available(why) ? only<LocalExplorer>() : nullptr;
}

}  // namespace contract
