#pragma once

// What the tools on whole namespaces share.

#include <chrono>
#include <optional>

#include <cloudflare/kv_tools.hpp>

namespace cloudflare::kv {

/// The namespace for the lists of a long job: unless the caller set a time limit, one list may wait out the rate
/// budget's five minutes instead of failing after the minute of an ordinary call.
inline KvNamespace patient(const KvNamespace& kv) {
  struct Handle : KvVerbs<Throwing> {
    static CallOptions options_of(const KvNamespace& handle) { return (handle.*(&Handle::context_)).call; }
  };
  CallOptions options = Handle::options_of(kv);
  if (!options.timeout) options.timeout = std::chrono::minutes(15);
  return kv.with(options);
}

/// Throws the first error of a get_many() that did not read everything.
inline void require_all(const GetManyResult& read) {
  if (read.outcome.stopped) throw Error(*read.outcome.stopped);
  if (!read.outcome.failed.empty()) throw Error(read.outcome.failed.front().error);
}

}  // namespace cloudflare::kv
