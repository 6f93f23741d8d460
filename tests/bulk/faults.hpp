#pragma once

// A job through a transport that spoils requests: the report must be true of every pair.

#include "bulk/bulk_support.hpp"
#include "bulk/faulty_transport.hpp"

namespace bulk_tests {

/// Writes pairs through `kv`, whose transport is `faulty`, and erases them; compares through `clean`, the same
/// namespace. A request of a write has at most `bytes`, one that erases a tenth.
inline void write_and_erase(const cf::KvNamespace& kv, const FaultyTransport& faulty, const cf::KvNamespace& clean,
                            std::uint64_t count, std::size_t bytes) {
  Outcomes written(count);
  const auto put = kv.put_many(
      pairs(count), {.max_request_bytes = bytes, .on_outcome = [&](const cf::ItemOutcome& o) { written(o); }});
  CHECK(put.items == count);
  CHECK(put.requests == faulty.requests());
  CHECK(written.once_each());
  CHECK(written.count(cf::Outcome::done) == put.succeeded);
  CHECK(put.succeeded > count * 9 / 10);
  CHECK(contradictions(clean, written, count) == 0);

  Outcomes erased(count);
  const auto gone = kv.erase_many(
      keys(count), {.max_request_bytes = bytes / 10, .on_outcome = [&](const cf::ItemOutcome& o) { erased(o); }});
  CHECK(erased.once_each());
  CHECK(gone.succeeded > count * 9 / 10);
  std::uint64_t left = 0;
  for (const cf::kv::Key& key : clean.list()) {
    ++left;
    CHECK(erased.of(std::stoull(key.name.substr(4))) != cf::Outcome::done);
  }
  CHECK(left <= gone.not_done);
}

}  // namespace bulk_tests
