#pragma once

// The internals of a namespace handle, for library code that is built on handles.

#include <chrono>
#include <optional>

#include <cloudflare/kv.hpp>

namespace cloudflare::kv {

/// The core and the call options behind a handle.
inline const detail::Context& context_of(const KvNamespace& kv) {
  struct Handle : KvVerbs<Throwing> {
    static const detail::Context& of(const KvNamespace& handle) { return handle.*(&Handle::context_); }
  };
  return Handle::of(kv);
}

/// The namespace with a longer timeout for the lists of a long job. Unless the caller set a timeout, a list may wait
/// for the rate budget's five minutes instead of failing after the one minute of an ordinary call.
inline KvNamespace patient(const KvNamespace& kv) {
  CallOptions options = context_of(kv).call;
  if (!options.timeout) options.timeout = std::chrono::minutes(15);
  return kv.with(options);
}

/// Throws the first error of a get_many() that did not read everything.
inline void require_all(const GetManyResult& read) {
  if (read.outcome.stopped) throw Error(*read.outcome.stopped);
  if (!read.outcome.failed.empty()) throw Error(read.outcome.failed.front().error);
}

}  // namespace cloudflare::kv
