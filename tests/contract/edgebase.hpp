#pragma once

// The servers that the EdgeBase cases run against. Names and key are the same on all: namespace `cache`, database
// `analytics`, index `docs` of 3 dimensions, and `unbound`, which is declared and not there.

#include <cloudflare/edgebase.hpp>
#include <cloudflare/kv.hpp>
#include <string>

#include "contract/counterpart.hpp"

namespace contract {

class EdgeBase {
 public:
  virtual ~EdgeBase() = default;
  virtual cloudflare::edgebase::Client client(const std::string& key) = 0;
  [[nodiscard]] cloudflare::edgebase::Client client() { return client("test-service-key"); }
  /// One request by hand.
  virtual cloudflare::HttpResponse send(const cloudflare::HttpRequest& request) = 0;
  [[nodiscard]] virtual std::string url() = 0;

  /// `prefix` with a number, so that each case has keys and tables of its own.
  static std::string fresh(const std::string& prefix);
};

template <class Which>
EdgeBase* open_edgebase(std::string* why);
template <>
EdgeBase* open_edgebase<Embedded>(std::string* why);
template <>
EdgeBase* open_edgebase<Real>(std::string* why);

}  // namespace contract

#define EDGEBASE_CASE_NAMED(body, name, tags, ...)                      \
  static void body(contract::EdgeBase& edge);                           \
  TEMPLATE_TEST_CASE(name, tags, __VA_ARGS__) {                         \
    std::string why;                                                    \
    contract::EdgeBase* edge = contract::open_edgebase<TestType>(&why); \
    if (edge == nullptr) SKIP_LOUDLY(why.c_str());                      \
    body(*edge);                                                        \
  }                                                                     \
  static void body([[maybe_unused]] contract::EdgeBase& edge)
#define EDGEBASE_CASE_AT(n, ...) EDGEBASE_CASE_NAMED(CONTRACT_CASE_JOIN(edgebase_case_, n), __VA_ARGS__)
#define EDGEBASE_CASE(...) EDGEBASE_CASE_AT(__COUNTER__, __VA_ARGS__)
