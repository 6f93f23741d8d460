#pragma once
// Operations of every product as text in and text out, with what they leave in the store, so that a table can cut the
// connection of each of them at each byte.

#include <string>
#include <vector>

#include "support/every_operation.hpp"

namespace fault_tests {

using support::Handles;

/// What a call may do when its connection is cut.
enum class Effect {
  reads,       ///< It is made again.
  streams,     ///< It is made again unless the caller has got a part.
  repeatable,  ///< It is made again, and the store is then as after one write.
  job,         ///< Its items are sent again in smaller requests.
  once,        ///< It is not made again.
};

struct CutOperation {
  const char* name;
  Effect effect;
  /// Gives all that the operation says, and throws the error of an item that was not done.
  std::string (*run)(const Handles&);
  /// Makes the store what it was before the operation; null for reads.
  void (*reset)(const Handles&) = nullptr;
  /// What the operation changes in the store.
  std::string (*stored)(const Handles&) = nullptr;
};

/// In KV, D1, Vectorize and EdgeBase. The store holds what prepare() makes.
const std::vector<CutOperation>& cut_operations();

void prepare(const Handles&);

}  // namespace fault_tests
