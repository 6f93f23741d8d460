#pragma once

// Decides for every operation whether a reply is a success, or which Error it means.

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

/// Reads an envelope; accepts any member order, null lists, bare strings as messages, and unknown members.
[[nodiscard]] Result<Envelope> read_envelope(std::string& text);

/// The reply if it is a success, or the Error it means. `messages` receives the messages of a success; `clock` is used
/// to turn a Retry-After date into a delay.
[[nodiscard]] Result<Reply> judge(const Endpoint& endpoint, HttpResponse&& response, const Clock& clock,
                                  std::vector<Message>& messages);

}  // namespace cloudflare::detail
