#pragma once

// The columns that a product adds to its endpoints, and how code names an endpoint.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail {

/// What a product knows of the replies to its endpoints that the envelope does not say. Empty where it adds nothing.
struct ReplyRules {
  /// Whether the message of an error says that the server is overloaded.
  bool (*says_overloaded)(std::string_view message) = nullptr;
  /// The error in a reply with status 200, if it is one.
  std::optional<Error> (*error_in_success)(std::string& body) = nullptr;
  /// What a caller can do when a large request takes too long.
  std::string_view advice_if_large{};
};

/// The row of a table with this name. Does not compile if there is none.
template <std::size_t rows>
consteval const Endpoint& row(const std::array<Endpoint, rows>& table, std::string_view name) {
  for (const Endpoint& endpoint : table)
    if (endpoint.name == name) return endpoint;
  throw "no endpoint has this name";
}

}  // namespace cloudflare::detail
