#pragma once

// An exchange as one line of a recording.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/error.hpp>
#include <cloudflare/http/transport.hpp>

namespace cloudflare::testing {

/// What a request is told by: its query is part of the path unless the URL is signed, a multipart body has the boundary
/// "boundary", and its own credentials are redacted.
struct RequestKey {
  std::string method{};
  std::string path{};
  std::string body{};
};
[[nodiscard]] RequestKey key_of(const HttpRequest& request);

/// A reply, or the failure that came in its place.
struct RecordedExchange {
  RequestKey request{};
  HttpResponse reply{};
  std::optional<Error> failure{};
};

/// The texts of the request's credentials.
[[nodiscard]] std::vector<std::string> secrets_of(const HttpRequest& request);
/// Removes from the reply what must not be written: secrets, cookies, queries of signed URLs.
void scrub(RecordedExchange& exchange, const std::vector<std::string>& secrets);

[[nodiscard]] std::string line_of(const RecordedExchange& exchange);
/// @throws Error  decode
[[nodiscard]] RecordedExchange exchange_of(std::string line);

}  // namespace cloudflare::testing
