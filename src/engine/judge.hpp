#pragma once

// What a reply says: success, or which Error. One place decides, for every operation.

#include <string>
#include <vector>

#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail {

/// The v4 envelope. `result` and `result_info` are slices of the text.
struct Envelope {
  bool has_success = false;
  bool success = false;
  std::vector<Message> errors{};
  std::vector<Message> messages{};
  std::size_t result_begin = 0;
  std::size_t result_size = 0;
  std::size_t info_begin = 0;
  std::size_t info_size = 0;
};

/// Reads an envelope with any member order, null lists, bare strings for messages and unknown members.
[[nodiscard]] Result<Envelope> read_envelope(std::string& text);

/// A reply that is a success, or the Error it means; `messages` takes the messages of a success,
/// `clock` tells how far ahead the date of a Retry-After is.
[[nodiscard]] Result<Reply> judge(const Endpoint& endpoint, HttpResponse&& response, const Clock& clock,
                                  std::vector<Message>& messages);

}  // namespace cloudflare::detail
