#pragma once
// The rows of the fault table.

#include <array>
#include <functional>
#include <vector>

#include "http_test.hpp"

namespace http_test {

/// One cell for each class of operations.hpp, when the fault meets every attempt:
/// "value": the fault does no harm; "body": the body of the reply is the value, whatever it is; otherwise the
/// ErrorKind, the number of requests ("x3": repeated until the attempts were used up), and "?" if outcome_unknown().
/// "-": not determined, and not looked at.
using Row = std::array<const char*, 8>;

enum class Where {
  reply,
  connection,  ///< closed before a byte is read
  handshake,   ///< the same to a client that begins with a TLS handshake
  nobody,      ///< nothing listens
};

struct Fault {
  const char* name;
  Row expected;
  std::function<Answer(Answer good)> make;
  Where where = Where::reply;
  bool stalls = false;  ///< ends by the stall limit
};

const std::vector<Fault>& faults();

}  // namespace http_test
