#pragma once

// A product's rules for the replies of its endpoints, and the lookup of an endpoint by name.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail {

/// What the message of an error says, whatever its code and the HTTP status are.
struct Meaning {
  ErrorKind kind = ErrorKind::server;
  /// Whether the request may have been executed; nullopt if the message does not tell, so the status decides.
  std::optional<Delivery> delivery{};
};

/// A product's rules for replies, beyond those of the envelope. A member is empty if the product has no such rule.
struct ReplyRules {
  /// What the message of an error says, if the product knows it.
  std::optional<Meaning> (*meaning)(std::string_view message) = nullptr;
  /// The error in a reply with status 200, if it holds one.
  std::optional<Error> (*error_in_success)(std::string& body) = nullptr;
  /// Advice to the caller when a large request takes too long.
  std::string_view advice_if_large{};
  /// Advice to the caller for this error of a request to this URL; empty if there is none.
  std::string_view (*advice)(const ErrorDetails& error, std::string_view url) = nullptr;
};

/// The endpoint with this name. Does not compile if there is none.
template <std::size_t rows>
consteval const Endpoint& row(const std::array<Endpoint, rows>& table, std::string_view name) {
  for (const Endpoint& endpoint : table)
    if (endpoint.name == name) return endpoint;
  throw "no endpoint has this name";
}

}  // namespace cloudflare::detail
