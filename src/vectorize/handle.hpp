#pragma once

// The internals of an index handle, for library code that is built on handles.

#include <chrono>

#include <cloudflare/vectorize.hpp>

namespace cloudflare::vectorize {

/// The core and the call options behind a handle.
inline const detail::Context& context_of(const VectorizeIndex& index) {
  struct Handle : VectorizeVerbs<Throwing> {
    static const detail::Context& of(const VectorizeIndex& handle) { return handle.*(&Handle::context_); }
  };
  return Handle::of(index);
}

/// The index with a longer timeout for the lists of a long job, as for KV.
inline VectorizeIndex patient(const VectorizeIndex& index) {
  CallOptions options = context_of(index).call;
  if (!options.timeout) options.timeout = std::chrono::minutes(15);
  return index.with(options);
}

/// Throws the first error of a get_many() that did not read everything.
inline void require_all(const GetManyResult& read) {
  if (read.outcome.stopped) throw Error(*read.outcome.stopped);
  if (!read.outcome.failed.empty()) throw Error(read.outcome.failed.front().error);
}

}  // namespace cloudflare::vectorize
