#pragma once

// The servers the contract cases run against: one set of cases, the same results everywhere.

#include <string>

#include <cloudflare/d1.hpp>
#include <cloudflare/kv.hpp>

#include "support/catch.hpp"

namespace contract {

/// A namespace of its own for one test case, removed when it goes out of scope.
class FreshNamespace {
 public:
  FreshNamespace(cloudflare::KvNamespaces owner, const std::string& id, cloudflare::KvNamespace handle);
  ~FreshNamespace();
  FreshNamespace(const FreshNamespace&) = delete;
  FreshNamespace& operator=(const FreshNamespace&) = delete;

  const cloudflare::KvNamespace* operator->() const noexcept { return &handle_; }
  const cloudflare::KvNamespace& operator*() const noexcept { return handle_; }

 private:
  cloudflare::KvNamespaces owner_;
  std::string id_;
  cloudflare::KvNamespace handle_;
};

/// A database of its own for one test case, removed when it goes out of scope.
class FreshDatabase {
 public:
  FreshDatabase(cloudflare::D1Databases owner, cloudflare::D1Database handle);
  ~FreshDatabase();
  FreshDatabase(const FreshDatabase&) = delete;
  FreshDatabase& operator=(const FreshDatabase&) = delete;

  const cloudflare::D1Database* operator->() const noexcept { return &handle_; }
  const cloudflare::D1Database& operator*() const noexcept { return handle_; }

 private:
  cloudflare::D1Databases owner_;
  cloudflare::D1Database handle_;
};

/// One server. Lives until the test program ends.
class Counterpart {
 public:
  virtual ~Counterpart() = default;
  /// A client of it; address, account and transport are filled in.
  virtual cloudflare::ApiClient client(cloudflare::ClientOptions options = cloudflare::ClientOptions()) = 0;
  /// A client that can create and remove namespaces of the same store.
  virtual cloudflare::ApiClient account() { return client(); }
  /// A client with another credential than that of `client()`.
  virtual cloudflare::ApiClient with_credential(cloudflare::Credential credential) = 0;

  /// For ApiClient::request(): "/accounts/" and the id.
  virtual std::string account_path() = 0;

  FreshNamespace fresh_namespace();
  FreshDatabase fresh_database(cloudflare::ClientOptions options = cloudflare::ClientOptions());
  /// A title that nobody else uses.
  std::string fresh_title();
  /// The same for a database: letters, digits and dashes.
  std::string fresh_name();
};

// The types that name a counterpart in a test case.
struct Embedded {};  ///< cloudflare::local.
struct Real {};      ///< Cloudflare's engine through miniflare; the live account with CLOUDFLARE_LIVE_TEST=1.
struct Explorer {};  ///< Miniflare's own Local Explorer: some operations of KV, by a server that is not our code.

/// The counterpart, started on first use; null and a reason if it cannot run here.
template <class Which>
Counterpart* open(std::string* why);
template <>
Counterpart* open<Embedded>(std::string* why);
template <>
Counterpart* open<Real>(std::string* why);
template <>
Counterpart* open<Explorer>(std::string* why);

/// Runs `f`, which must throw an Error, and returns it.
template <class F>
cloudflare::Error error_of(F f) {
  try {
    f();
  } catch (const cloudflare::Error& error) {
    return error;
  }
  throw std::logic_error("the call succeeded, an Error was expected");
}

}  // namespace contract

/// A case that runs once per counterpart named after the tags; its body sees `Counterpart& cloud` and is compiled once.
#define CONTRACT_CASE_NAMED(body, name, tags, ...)                 \
  static void body(contract::Counterpart& cloud);                  \
  TEMPLATE_TEST_CASE(name, tags, __VA_ARGS__) {                    \
    std::string why;                                               \
    contract::Counterpart* cloud = contract::open<TestType>(&why); \
    if (cloud == nullptr) SKIP_LOUDLY(why.c_str());                \
    body(*cloud);                                                  \
  }                                                                \
  static void body([[maybe_unused]] contract::Counterpart& cloud)
#define CONTRACT_CASE_JOIN(a, b) a##b
#define CONTRACT_CASE_AT(n, ...) CONTRACT_CASE_NAMED(CONTRACT_CASE_JOIN(contract_case_, n), __VA_ARGS__)
#define CONTRACT_CASE(...) CONTRACT_CASE_AT(__COUNTER__, __VA_ARGS__)
